// Draws the charts of a tear sheet from the numbers embedded in it. Never fetches anything.
"use strict";
const sheet = JSON.parse(document.getElementById("numbers").textContent);
const ink = getComputedStyle(document.body).color;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const sync = uPlot.sync("time");
const percent = (v, digits = 1) => (v == null ? "–" : (100 * v).toFixed(digits) + " %");
const money = (v) => (v == null ? "–" : v.toLocaleString("en", { maximumFractionDigits: 0 }));

function axes(format) {
  const line = { stroke: ink, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  return [{ ...line }, { ...line, size: 86, values: (_, splits) => splits.map(format) }];
}

function draw(id, height, series, columns, format, scales = {}) {
  const place = document.getElementById(id);
  if (!place) return null;
  const options = {
    width: place.clientWidth,
    height,
    series: [{ value: "{YYYY}-{MM}-{DD}" }, ...series],
    axes: axes(format),
    cursor: { sync: { key: sync.key } },
    scales: { x: { time: true }, ...scales },
    tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"),
  };
  const plot = new uPlot(options, columns, place);
  addEventListener("resize", () => plot.setSize({ width: place.clientWidth, height }));
  return plot;
}

function curves(logarithmic) {
  const place = document.getElementById("equity");
  place.replaceChildren();
  const series = [{ label: sheet.name, stroke: colour("--hedge"), width: 2, value: (_, v) => money(v) }];
  const columns = [sheet.ts, sheet.nav];
  if (sheet.benchmark) {
    series.push({ label: sheet.benchmark_name, stroke: colour("--soft"), width: 1.5, dash: [6, 4], value: (_, v) => money(v) });
    columns.push(sheet.benchmark);
  }
  draw("equity", 320, series, columns, money, { y: { distr: logarithmic ? 3 : 1 } });
}

curves(false);
draw("drawdown", 160, [{ label: "drawdown", stroke: colour("--bad"), fill: colour("--bad") + "33", value: (_, v) => percent(v) }],
  [sheet.ts, sheet.drawdown], (v) => percent(v, 0));
draw("rolling", 160, [{ label: sheet.rolling_name, stroke: colour("--hedge"), width: 1.5, value: (_, v) => (v == null ? "–" : v.toFixed(2)) }],
  [sheet.ts, sheet.rolling], (v) => v.toFixed(1));

document.querySelectorAll(".tools button").forEach((button) =>
  button.addEventListener("click", () => {
    document.querySelectorAll(".tools button").forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
    curves(button.dataset.scale === "log");
  }),
);
