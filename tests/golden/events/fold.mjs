// Folds a fund's signed events into its state, a second time and in another language: Node 20 or a browser, no package.
//
// Promises: from the genesis and the envelopes in the order of sequencing it computes what each event brought about, or
// the code by which it is refused, and the state after them; a refused event changes nothing; times and money are
// exact. Never: an answer of the vectors; a line of the code that wrote them. Left out, since no event of the vectors
// comes near it: the form of an envelope's and an event's single fields (GOV-001, GOV-010), except that a proposal's
// artifact and authors are its manifest's; the rules that a policy keeps within itself (ranks, kinds, a pause by one);
// room for strategies (CORE-005); the length of an envelope; keys of small order.

import { TYPE, canonical, pae, sha256, unbase64, utf8 } from "./forms.mjs";
import { Refused, beginEpoch, isRevoked, learn, refuse, revokeKey, rootOf, signerOf } from "./people.mjs";
import {
  begins, decimal, decide, demote, isolationOf, limitsJson, missingFor, missingForPolicy, pause, propose, retire, revokeProposal,
  revokeStrategy, setPolicy, setRoster, stops, units,
} from "./capital.mjs";

const CLOCK_AHEAD_MS = 300_000n;

const TAKES = {
  roster: (state, body) => setRoster(state, body),
  policy: setPolicy,
  evidence: learn,
  epoch: beginEpoch,
  proposal: propose,
  approval: decide,
  pause,
  demote,
  retire,
  revocation: (state, body, ...rest) => {
    if (body.key !== undefined) return revokeKey(state, body, ...rest);
    return body.proposal === undefined ? revokeStrategy(state, body, ...rest) : revokeProposal(state, body, ...rest);
  },
};

// What each envelope brought about, `step_ns` apart from `first_ns` in records from `first_record`; and the state.
export async function fold(genesis, envelopes, sequenced) {
  let state = await begin(genesis);
  const outcomes = [];
  for (const [i, envelope] of envelopes.entries()) {
    const ts = BigInt(sequenced.first_ns) + BigInt(i) * BigInt(sequenced.step_ns);
    const next = structuredClone(state);
    try {
      outcomes.push(await apply(next, envelope, sequenced.first_record + i, ts));
      state = next;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      outcomes.push(error.code);
    }
  }
  return { outcomes, state: describe(state) };
}

// A fund without people: nothing can be granted until the root keys sign a roster and a policy.
async function begin(text) {
  const id = await sha256(utf8.encode(text));
  const lists = { policies: [], amendments: [], proposals: [], strategies: [], mandates: [], evidence: [] };
  const people = { roster: null, policy: null, revoked: [], former: [], epochs: [] };
  return { genesis: JSON.parse(text), id, ...people, ...lists, known: new Set([id]), sequenced: null };
}

async function apply(state, text, record, ts) {
  const signed = await open(text);
  const { id, event } = signed;
  if (state.known.has(id)) refuse("GOV-009", `event ${id}`);
  await checkBody(signed);
  if (state.sequenced !== null && ts < state.sequenced) refuse("CORE-009", `${ts} after ${state.sequenced}`);
  if (BigInt(event.hlc[0]) > ts / 1_000_000n + CLOCK_AHEAD_MS) refuse("GOV-021", `${event.actor}'s clock is ahead`);
  const signer = await signerOf(state, signed, ts);
  if (!event.parents.every((parent) => state.known.has(parent))) refuse("GOV-015", "a parent is not known");
  restsOnPolicy(state, event);
  const at = { id, record, ts, actor: event.actor, content: signed.content };
  const outcome = await TAKES[event.type](state, event.body, signer, at);
  state.known.add(id);
  state.sequenced = ts;
  return outcome;
}

function canonicalOf(bytes, code) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text);
    if (canonical(value) === text) return value;
  } catch {
    refuse(code, "not JSON");
  }
  return refuse(code, "not canonical");
}

function bytesOf(base64) {
  try {
    if (btoa(atob(base64)) === base64) return unbase64(base64);
  } catch {
    refuse("GOV-001", "not base64");
  }
  return refuse("GOV-001", "base64 spelt another way");
}

// An envelope taken apart; nothing in it is verified yet.
async function open(text) {
  const { payload: base64, payloadType, signatures } = canonicalOf(utf8.encode(text), "GOV-001");
  const names = new Set(signatures.map(({ keyid }) => keyid));
  if (payloadType !== TYPE || names.size === 0 || names.size < signatures.length) refuse("GOV-001", "not an envelope");
  const payload = bytesOf(base64);
  const event = canonicalOf(payload, "GOV-010");
  return { id: await sha256(payload), event, message: pae(TYPE, payload), signatures };
}

async function checkBody(signed) {
  const { v, stream, type, parents, body } = signed.event;
  if (stream !== "governance") refuse("GOV-020", `stream ${stream}`);
  if (v !== 1 || !Object.hasOwn(TAKES, type) || parents.length === 0) refuse("GOV-010", `${type} of version ${v}`);
  if (type !== "proposal") return;
  const hash = (value) => sha256(utf8.encode(canonical(value)));
  const { content, credits } = body.manifest;
  signed.content = content.kind === "digest" ? content.sha256 : await hash(content);
  if (body.artifact !== (await hash(body.manifest))) refuse("GOV-010", "the artifact is not the manifest's hash");
  const credited = credits.map(({ name }) => name).sort();
  if (canonical(credited) !== canonical([...body.authors].sort())) refuse("GOV-010", "authors are not the credited");
  if (credits.reduce((sum, { share_bps: share }) => sum + share, 0) !== 10_000) refuse("GOV-010", "shares of no whole");
}

// A policy that an event names is a known one; an approval names the one in force.
function restsOnPolicy(state, { type, policy }) {
  if (type === "approval" && policy !== (state.policy?.id ?? null)) refuse("GOV-022", `approved under ${policy}`);
  if (policy !== null && !state.policies.includes(policy)) refuse("GOV-022", `${policy} was never in force`);
}

const told = (ts) => (ts === null ? null : String(ts));

function describe(state) {
  const { fund, base, origin } = state.genesis;
  return {
    fund, base, origin, genesis: state.id, root: rootOf(state), sequenced: told(state.sequenced),
    roster: state.roster && rosterJson(state),
    policy: state.policy && { ...policyJson(state.policy.body), id: state.policy.id },
    policy_proposals: state.amendments.map((amendment) => amendmentJson(state, amendment)),
    proposals: state.proposals.map((proposal) => proposalJson(state, proposal)),
    strategies: state.strategies.map(({ name, last, retired }) => ({ name, last_change: last, retired_by: retired })),
    mandates: state.mandates.map((row) => mandateJson(state, row)),
    evidence: state.evidence.map((row) => ({ ...row, ts: told(row.ts) })),
    epochs: state.epochs.map((row) => ({ ...row, ts: told(row.ts) })),
    former_recipients: [...state.former].sort(),
    revoked_keys: state.revoked.map((row) => ({ ...row, ts: told(row.ts) })),
  };
}

function rosterJson(state) {
  const { version, people, services } = state.roster;
  const marked = (row) => ({ ...row, revoked: isRevoked(state, row.key) });
  return {
    version, services: services.map(marked),
    people: people.map(({ name, roles, devices }) => ({ name, roles, devices: devices.map(marked) })),
  };
}

function policyJson({ version, change, pause: pausing, tiers }) {
  const spelt = (tier) => ["capital", "gross", "loss"].map((name) => [name, decimal(units(tier[name]))]);
  const tierJson = (tier) => ({ ...tier, ...Object.fromEntries(spelt(tier)), isolation: isolationOf(tier) });
  return { version, change, pause: pausing, tiers: tiers.map(tierJson) };
}

function amendmentJson(state, row) {
  const { id, record, author, votes, status, closedBy } = row;
  const missing = status === "open" ? missingForPolicy(state, row) : [];
  return { id, record, author, policy: policyJson(row.policy), votes, status, closed_by: closedBy, missing };
}

function proposalJson(state, row) {
  const { id, record, content, terms, proposer, votes, status, closedBy } = row;
  const { strategy, artifact, tier, universe, prev, evidence, authors } = terms;
  const { content: { kind }, v: _, ...manifest } = terms.manifest;
  const index = state.strategies.findIndex(({ name }) => name === strategy);
  return {
    id, record, strategy, strategy_index: index, artifact, content, content_kind: kind,
    manifest: { ...manifest, capacity: decimal(units(manifest.capacity)) }, tier, limits: limitsJson(terms.limits),
    universe, valid_until: told(terms.until), prev, evidence, authors, proposer, votes, status, closed_by: closedBy,
    missing: status === "open" ? missingFor(state, row) : [],
  };
}

function mandateJson(state, row) {
  const { index, strategy, artifact, proposal, policy, tier, kind, rank, isolation, universe, cause } = row;
  return {
    index, strategy, artifact, proposal, policy, tier, kind, rank, isolation, universe, cause, limits: limitsJson(row.limits),
    granted: told(row.granted), since: told(begins(row)), until: told(stops(state, row)),
    valid_until: told(row.expires), paused: told(row.paused), ended: told(row.ended),
    state: row.ended !== null ? "revoked" : row.paused !== null ? "paused" : "granted",
  };
}
