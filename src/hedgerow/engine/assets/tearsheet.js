// Draws the charts of a tear sheet from the numbers that stand in the page. Never fetches anything.
"use strict";
(() => {
  const sheet = JSON.parse(document.getElementById("numbers").textContent);
  const drawn = new Map();
  const chosen = new Map();
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // As many decimals as a step needs to be told exactly, such as one for 2.5.
  const decimals = (step) => {
    let digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    while (digits < 8 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits += 1;
    return Math.min(digits, 8);
  };
  const writer = (digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  const formats = {
    money: (step) => {
      const written = writer(decimals(step));
      return (v) => (v == null ? "–" : written.format(v));
    },
    percent: (step) => {
      const written = writer(decimals(100 * step));
      return (v) => (v == null ? "–" : written.format(100 * v) + " %");
    },
  };
  formats.number = formats.money;

  function times(numbers) {
    const ts = new Array(numbers.steps.length + 1);
    ts[0] = numbers.start;
    let units = 0;
    numbers.steps.forEach((step, n) => {
      units += step;
      ts[n + 1] = numbers.start + units * numbers.unit;
    });
    return ts;
  }

  // What is shown now: which curves, in which form, on which scale.
  function choice(id, numbers) {
    const key = chosen.get(id);
    const rolling = numbers.format === "rolling";
    const offset = key === "volatility" ? 1 : 0;
    const shown = numbers.columns.map((_, n) => n).filter((n) => !rolling || n % 2 === offset);
    const format = rolling ? (offset ? "percent" : "number") : numbers.format;
    return { shown, format, logarithmic: key === "log" };
  }

  function look(name, label, written) {
    const looks = {
      main: { stroke: style("--hedge"), width: 2 },
      other: { stroke: style("--other"), width: 1.5, dash: [6, 4] },
      loss: { stroke: style("--bad"), width: 1.5, fill: style("--bad-wash") },
    };
    // At rest the legend shows the end of the curve.
    const value = (plot, v, n, at) => written(at == null ? plot.data[n][plot.data[n].length - 1] : v);
    return { label, value, points: { show: false }, ...looks[name] };
  }

  // What the cursor tells apart: a round part of a curve's range.
  function grain(columns) {
    let low = Infinity, high = -Infinity;
    for (const column of columns) for (const v of column) if (v != null) { if (v < low) low = v; if (v > high) high = v; }
    const span = high > low ? high - low : Math.abs(high) || 1;
    return 10 ** Math.floor(Math.log10(span / 100));
  }

  // Times in the order of ISO 8601: step of the axis, how it is written, and what is added where a larger unit begins.
  const DAY = 86400;
  const DAYS = [1, 2, 3, 5, 7, 10, 15, 30, 60, 90, 120, 180, 365, 730, 1825, 3650].map((n) => n * DAY);
  const TIMES = [
    [365 * DAY, "{YYYY}", null, null, null, null, null, null, 1],
    [28 * DAY, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [DAY, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\n{D} {MMM} {YYYY}", null, "\n{D} {MMM}", null, null, null, 1],
    [0.001, "{ss}.{fff}", "\n{D} {MMM} {YYYY} {HH}:{mm}", null, "\n{D} {MMM} {HH}:{mm}", null, "\n{HH}:{mm}", null, 1],
  ];

  function axes(format, daily) {
    const line = { stroke: style("--soft"), grid: { stroke: style("--line"), width: 1 }, ticks: { stroke: style("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    const values = (_, splits) => {
      const known = splits.filter((v) => v != null);
      const write = formats[format](known.length > 1 ? Math.abs(known[1] - known[0]) : 1);
      return splits.map((v) => (v == null ? "" : write(v)));
    };
    return [{ ...line, values: TIMES, ...(daily ? { incrs: DAYS } : {}) }, { ...line, size: 92, values }];
  }

  function yScale(id, logarithmic) {
    if (logarithmic) {
      return { distr: 100, fwd: Math.log, bwd: Math.exp, range: (_, low, high) => (low < high ? [low / 1.02, high * 1.02] : [low / 1.1, low * 1.1]) };
    }
    // A loss hangs from zero; a run without any still needs a height.
    if (id === "drawdown") return { range: (_, low) => [low < 0 ? 1.05 * low : -0.01, 0] };
    return { range: (_, low, high) => (low < high ? uPlot.rangeNum(low, high, 0.08, true) : low === 0 ? [-0.01, 0.01] : [low - Math.abs(low) / 20, low + Math.abs(low) / 20]) };
  }

  // A sheet of paper is smaller than the screen, and known before it is laid out.
  const PAPER = { width: 690, height: 220 };
  const onPaper = () => document.documentElement.classList.contains("paper");
  const widthOf = (place) => (onPaper() ? PAPER.width : place.clientWidth);

  function draw(id) {
    const place = document.getElementById(id);
    const numbers = sheet.charts[id];
    const { shown, format, logarithmic } = choice(id, numbers);
    const columns = shown.map((n) => numbers.columns[n]);
    const written = formats[format](grain(columns));
    const before = drawn.get(id);
    const zoom = before && before.zoomed ? { min: before.plot.scales.x.min, max: before.plot.scales.x.max } : null;
    if (before) before.plot.destroy();
    place.replaceChildren();
    const daily = numbers.unit >= DAY;
    const date = uPlot.fmtDate(daily ? "{YYYY}-{MM}-{DD}" : "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}");
    const utc = (ts) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC");
    const moment = (plot, ts, _, at) => date(utc(at == null ? plot.data[0][plot.data[0].length - 1] : ts));
    const entry = { plot: null, zoomed: Boolean(zoom) };
    drawn.set(id, entry);
    entry.plot = new uPlot(
      {
        width: widthOf(place),
        height: onPaper() ? Math.min(PAPER.height, numbers.height) : numbers.height,
        tzDate: utc,
        series: [{ label: "time", value: moment }, ...shown.map((n) => look(numbers.looks[n], numbers.labels[n], written))],
        axes: axes(format, daily),
        scales: { x: { time: true }, y: yScale(id, logarithmic) },
        legend: { markers: { width: 2 } },
        cursor: { sync: { key: "time", setSeries: false }, drag: { x: true, y: false, setScale: true }, points: { size: 7 } },
        hooks: { setScale: [(plot, key) => { if (key === "x") zoomed(id, plot); }] },
      },
      [times(numbers), ...columns],
      place,
    );
    if (zoom) entry.plot.setScale("x", zoom);
  }

  // Remember whether a chart shows less than everything, so that it stays so when it is drawn anew.
  function zoomed(id, plot) {
    const entry = drawn.get(id);
    const ts = plot.data[0];
    entry.zoomed = plot.scales.x.min > ts[0] || plot.scales.x.max < ts[ts.length - 1];
  }

  const all = () => Object.keys(sheet.charts).forEach(draw);

  document.querySelectorAll("button[data-chart]").forEach((button) =>
    button.addEventListener("click", () => {
      const id = button.dataset.chart;
      document.querySelectorAll(`button[data-chart="${id}"]`).forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
      chosen.set(id, button.dataset.choice);
      draw(id);
    }),
  );
  all();

  new ResizeObserver(() =>
    drawn.forEach(({ plot }, id) => {
      const width = widthOf(document.getElementById(id));
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
    }),
  ).observe(document.querySelector("main"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  // Paper is white whatever the screen is.
  addEventListener("beforeprint", () => { document.documentElement.classList.add("paper"); all(); });
  addEventListener("afterprint", () => { document.documentElement.classList.remove("paper"); all(); });
})();
