// Canonical form, hashes, signatures, the order of merging and the seats of expressions, with nothing but JavaScript.
//
// Promises: RFC 8785 without floats, DSSE's pre-authentication encoding and Ed25519 by WebCrypto, in Node 20 or a
// browser. Never: a line of the code that wrote the vectors; says whose a signature must be, which the fold does.

const { subtle } = globalThis.crypto ?? (await import("node:crypto")).webcrypto;
export const TYPE = "application/vnd.hedgerow.event+json";
export const utf8 = new TextEncoder();

export function canonical(value) {
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error(`${value} is not an integer within 2^53 - 1`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  // sort() compares UTF-16 code units, as RFC 8785 wants.
  const fields = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${fields.join(",")}}`;
}

export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
export const sha256 = async (bytes) => hex(new Uint8Array(await subtle.digest("SHA-256", bytes)));

export function pae(type, payload) {
  const head = utf8.encode(`DSSEv1 ${utf8.encode(type).length} ${type} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

export async function isSignedBy(publicHex, message, signature) {
  const key = await subtle.importKey("raw", unhex(publicHex), { name: "Ed25519" }, false, ["verify"]);
  return subtle.verify({ name: "Ed25519" }, key, signature, message);
}

// Parents first; ties by the signers' clocks, then by id.
export function mergeOrder(events) {
  const known = new Set(events.map((event) => event.id));
  const done = new Set();
  const order = [];
  const before = (a, b) => a.hlc[0] - b.hlc[0] || a.hlc[1] - b.hlc[1] || (a.id < b.id ? -1 : 1);
  let rest = [...events];
  while (rest.length > 0) {
    const ready = rest.filter((event) => event.parents.every((parent) => !known.has(parent) || done.has(parent)));
    const next = ready.sort(before)[0];
    if (next === undefined) break;
    order.push(next.id);
    done.add(next.id);
    rest = rest.filter((event) => event.id !== next.id);
  }
  return order;
}

// Every way to satisfy an expression, as seats.
export function ways(expression) {
  if ("role" in expression) return [Array(expression.count).fill({ role: expression.role })];
  if ("person" in expression) return [[{ person: expression.person }]];
  const groups = expression.all ?? expression.any ?? expression.of;
  const k = expression.all ? groups.length : expression.any ? 1 : expression.k;
  const chosen = (list, count) => {
    if (count === 0) return [[]];
    if (list.length === 0) return [];
    const [first, ...others] = list;
    const taken = chosen(others, count - 1).flatMap((tail) => ways(first).map((way) => [...way, ...tail]));
    return [...taken, ...chosen(others, count)];
  };
  return chosen(groups, k);
}

// The seats that votes (pairs of human and role) leave empty, by the way that lacks the fewest; one human, one seat.
export function missing(expression, votes) {
  const takes = (seat, [human, role]) => ("role" in seat ? seat.role === role : seat.person === human);
  let fewest = null;
  for (const seats of ways(expression)) {
    const sitting = Array(seats.length).fill(null);
    const fill = (seat, asked) => {
      asked.add(seat);
      for (const vote of votes.filter((v) => takes(seats[seat], v))) {
        const other = sitting.indexOf(vote[0]);
        if (other === -1 || (!asked.has(other) && fill(other, asked))) {
          sitting[seat] = vote[0];
          return true;
        }
      }
      return false;
    };
    const empty = seats.filter((_, seat) => !fill(seat, new Set()));
    if (fewest === null || empty.length < fewest.length) fewest = empty;
  }
  return fewest.map((seat) => ("role" in seat ? seat.role : `person ${JSON.stringify(seat.person)}`));
}
