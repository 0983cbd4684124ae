// Checks the vectors of signed events with nothing but JavaScript: Node 20 or a browser, WebCrypto, no package.
//
// Promises: canonical form (RFC 8785 without floats), event ids, DSSE's pre-authentication encoding, Ed25519 signatures,
// the order of merging, root thresholds and the seats of expressions are computed here anew, not read. Never: a line of
// the code that wrote the vectors.
//
//   node verify.mjs FOLDER        prints what was checked as JSON; exits with 1 and the first difference

import { readFile } from "node:fs/promises";
import { join } from "node:path";

const { subtle } = globalThis.crypto ?? (await import("node:crypto")).webcrypto;
const TYPE = "application/vnd.hedgerow.event+json";
const utf8 = new TextEncoder();

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

function same(what, seen, wanted) {
  if (canonical(seen) !== canonical(wanted)) {
    throw new Error(`${what}: ${canonical(seen)}, the vectors say ${canonical(wanted)}`);
  }
}

async function checkEvent(event, keys) {
  const envelope = JSON.parse(event.envelope);
  same("envelope", canonical(envelope), event.envelope);
  const payload = unbase64(envelope.payload);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
  same("payload", canonical(JSON.parse(text)), text);
  same("type", envelope.payloadType, TYPE);
  same("id", await sha256(payload), event.id);
  const message = pae(TYPE, payload);
  same("pae", await sha256(message), event.pae_sha256);
  const signers = [];
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys[keyid];
    const flipped = message.slice();
    flipped[flipped.length - 2] ^= 1;
    if (!(await isSignedBy(key, message, unbase64(sig)))) throw new Error(`${event.id}: ${keyid} did not sign it`);
    if (await isSignedBy(key, flipped, unbase64(sig))) throw new Error(`${event.id}: another payload verifies too`);
    signers.push(key);
  }
  same("signers", signers, event.signers);
  return { id: event.id, hlc: JSON.parse(text).hlc, parents: JSON.parse(text).parents, signers, ...JSON.parse(text) };
}

async function checkFund(fund) {
  same("genesis", canonical(JSON.parse(fund.genesis)), fund.genesis);
  same("genesis id", await sha256(utf8.encode(fund.genesis)), fund.genesis_id);
  const keys = {};
  for (const key of fund.public_keys) keys[await sha256(unhex(key))] = key;
  const events = [];
  for (const event of fund.events) events.push(await checkEvent(event, keys));
  const order = mergeOrder(events);
  same("order", order, fund.order);
  same("order of the other delivery", mergeOrder([...events].reverse()), fund.order);
  let root = JSON.parse(fund.genesis).root;
  for (const roster of order.map((id) => events.find((e) => e.id === id)).filter((e) => e.type === "roster")) {
    for (const { keys: named, threshold } of [root, roster.body.root]) {
      const count = roster.signers.filter((key) => named.includes(key)).length;
      if (count < threshold) throw new Error(`roster ${roster.body.version}: ${count} of ${threshold} root signatures`);
    }
    root = roster.body.root;
  }
  same("state hash", await sha256(utf8.encode(canonical(fund.state))), fund.state_hash);
  return events.length;
}

async function main(folder) {
  const read = async (name) => JSON.parse(await readFile(join(folder, name), "utf8"));
  const [forms, expressions, fund] = [await read("canonical.json"), await read("expressions.json"), await read("fund.json")];
  for (const { value, text } of forms.spelt) same("canonical", canonical(value), text);
  for (const text of forms.refused) {
    let spelt = null;
    try {
      spelt = canonical(JSON.parse(text));
    } catch {
      continue;
    }
    if (spelt === text) throw new Error(`${text} is refused elsewhere and is canonical here`);
  }
  for (const { expression, votes, missing: wanted } of expressions) same("missing", missing(expression, votes), wanted);
  const events = await checkFund(fund);
  console.log(JSON.stringify({ canonical: forms.spelt.length, refused: forms.refused.length, expressions: expressions.length, events }));
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].split("/").pop())) {
  await main(process.argv[2]).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
