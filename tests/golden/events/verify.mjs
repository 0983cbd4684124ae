// Checks the vectors of signed events with nothing but JavaScript: Node 20 or a browser, WebCrypto, no package.
//
// Promises: canonical form (RFC 8785 without floats), event ids, DSSE's pre-authentication encoding, Ed25519
// signatures, the order of merging, root thresholds, the seats of expressions, what each event brings about and the
// state after all of them, whatever order they arrive in, are computed here anew, not read. Never: a line of the code
// that wrote the vectors.
//
//   node verify.mjs FOLDER        prints what was checked as JSON; exits with 1 and the first difference

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fold } from "./fold.mjs";
import { TYPE, canonical, isSignedBy, mergeOrder, missing, pae, sha256, unbase64, unhex, utf8 } from "./forms.mjs";

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
  return { events: events.length, ...(await checkFold(fund, events)) };
}

// The same events as others may have delivered them.
function deliveries(events) {
  const from = (n) => [...events.slice(n), ...events.slice(0, n)];
  const even = events.filter((_, i) => i % 2 === 0);
  const odd = events.filter((_, i) => i % 2 === 1);
  return [events, [...events].reverse(), from(7), from(19), [...even, ...odd.reverse()]];
}

// Any delivery folds to the vectors' outcomes and state; another event, or another order of sequencing, never does.
async function checkFold(fund, events) {
  const envelopes = new Map(fund.events.map(({ id, envelope }) => [id, envelope]));
  const folded = (list) => fold(fund.genesis, list, fund.sequenced);
  const wanted = { outcomes: fund.outcomes, state: fund.state };
  const orders = deliveries(events);
  for (const delivery of orders) {
    const seen = await folded(mergeOrder(delivery).map((id) => envelopes.get(id)));
    same("outcomes", seen.outcomes, wanted.outcomes);
    for (const part of Object.keys(wanted.state)) same(`state, ${part}`, seen.state[part], wanted.state[part]);
    same("fold", seen, wanted);
  }
  const straight = fund.order.map((id) => envelopes.get(id));
  let others = 0;
  for (let i = 0; i < straight.length; i++) {
    const { outcomes } = await folded([...straight.slice(0, i), laterByOne(straight[i])]);
    same(`event ${i}, changed under its signature`, outcomes[i], "GOV-002");
    const swapped = straight.with(i, straight.at(i - 1)).with(i === 0 ? straight.length - 1 : i - 1, straight[i]);
    if (canonical(await folded(swapped)) === canonical(wanted)) throw new Error(`event ${i} may come one sooner`);
    others += 2;
  }
  return { outcomes: fund.outcomes.length, deliveries: orders.length, others };
}

// The envelope with another reading of the signer's clock under the same signatures.
function laterByOne(text) {
  const envelope = JSON.parse(text);
  const event = JSON.parse(new TextDecoder().decode(unbase64(envelope.payload)));
  event.hlc[1] += 1;
  const bytes = utf8.encode(canonical(event));
  return canonical({ ...envelope, payload: btoa(String.fromCharCode(...bytes)) });
}

async function main(folder) {
  const read = async (name) => JSON.parse(await readFile(join(folder, name), "utf8"));
  const [forms, expressions] = [await read("canonical.json"), await read("expressions.json")];
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
  const counts = await checkFund(await read("fund.json"));
  const { spelt, refused } = forms;
  const told = { canonical: spelt.length, refused: refused.length, expressions: expressions.length, ...counts };
  console.log(JSON.stringify(told));
}

if (process.argv[1] && import.meta.url.endsWith(process.argv[1].split("/").pop())) {
  await main(process.argv[2]).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
