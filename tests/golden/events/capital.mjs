// Who moves capital: the policy, proposals and their votes, mandates, and what one person may take away.
//
// Promises: capital is granted by the seats that the policy in force demands, one human each and no author among them;
// every rule is checked before anything changes. Never: floats (money and time are BigInt); a line of the code that
// wrote the vectors.

import { missing, ways } from "./forms.mjs";
import { human, isRevoked, ownsAny, personOf, refuse, riskOfficer, setPeople } from "./people.mjs";

const MONEY = ["capital", "gross", "net", "position", "sector", "order_notional", "loss", "drawdown", "var"];
const COUNTS = [
  "order_lots", "data_age_ns", "collar_bps", "orders_per_second", "repeats_per_second", "concentration_bps",
  "margin_bps", "adv_share_bps",
];
const LEVELS = ["none", "limits", "filtered", "jail"];
const NANOS_MAX = 2n ** 63n - 1n;
const least = (...times) => times.reduce((a, b) => (b < a ? b : a));

// "1000000.00" in billionths, and back with at least two decimals.
export function units(text) {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}

export function decimal(amount) {
  const fraction = String(amount % 1_000_000_000n).padStart(9, "0");
  return `${amount / 1_000_000_000n}.${fraction.replace(/0{1,7}$/, "")}`;
}

// Limits as numbers, each of them; what is not asked for is zero.
function limitsOf(body) {
  const unknown = Object.keys(body).find((name) => !MONEY.includes(name) && !COUNTS.includes(name));
  if (unknown !== undefined) refuse("GOV-010", `no limit is called ${unknown}`);
  const money = MONEY.map((name) => [name, units(body[name] ?? "0")]);
  return Object.fromEntries([...money, ...COUNTS.map((name) => [name, BigInt(body[name] ?? 0)])]);
}

export function limitsJson(limits) {
  const count = (n) => (n > BigInt(Number.MAX_SAFE_INTEGER) ? String(n) : Number(n));
  const rows = Object.entries(limits).filter(([, amount]) => amount !== 0n);
  return Object.fromEntries(rows.map(([name, n]) => [name, MONEY.includes(name) ? decimal(n) : count(n)]));
}

// The weakest isolation that a tier allows; a policy that says nothing of it demands the strongest.
export const isolationOf = (tier) => tier.isolation ?? "jail";

const inForce = (state) => state.policy ?? refuse("GOV-022", "no policy is in force yet");
const strategyOf = (state, name) => state.strategies.find((strategy) => strategy.name === name);

// Roles that must be held by so many people, written `risk 2 of 3`.
function demands(expression) {
  if ("role" in expression) return expression.of ? [expression] : [];
  return (expression.all ?? expression.any ?? expression.of ?? []).flatMap(demands);
}

// Refuses a policy that the people with a usable key cannot meet.
function isMet(state, policy, roster) {
  const people = roster.people.filter((person) => person.devices.some((device) => !isRevoked(state, device.key)));
  const votes = people.flatMap(({ name, roles }) => (roles.length > 0 ? roles : [""]).map((role) => [name, role]));
  for (const expression of [...policy.tiers.map((tier) => tier.sign), policy.change, policy.pause]) {
    if (missing(expression, votes).length > 0) refuse("GOV-023", "nobody is left for a seat");
    for (const { role, of } of demands(expression)) {
      if (people.filter((person) => person.roles.includes(role)).length < of) refuse("GOV-023", `too few are ${role}`);
    }
  }
}

export function setRoster(state, roster) {
  const wanted = (state.roster?.version ?? 0) + 1;
  if (roster.version !== wanted) refuse("GOV-008", `version ${roster.version}, ${wanted} comes next`);
  if (state.policy) isMet(state, state.policy.body, roster);
  return setPeople(state, roster);
}

export function setPolicy(state, policy, signer, at) {
  const wanted = (state.policy?.body.version ?? 0) + 1;
  if (policy.version !== wanted) refuse("GOV-022", `version ${policy.version}, ${wanted} comes next`);
  if (state.roster === null) refuse("GOV-023", "there is no roster yet");
  isMet(state, policy, state.roster);
  if (signer.root) return enact(state, at.id, policy);
  const author = human(signer);
  const [id, record, authorKeys] = [at.id, at.record, keysOf(state, [author])];
  state.amendments.push({ id, record, policy, author, authorKeys, votes: [], status: "open", closedBy: null });
  return "policy_proposed";
}

function enact(state, id, body) {
  for (const other of state.amendments.filter((a) => a.status === "open")) close(other, "superseded", id);
  state.policies.push(id);
  state.policy = { id, body };
  return "policy_set";
}

function close(row, status, by) {
  [row.status, row.closedBy] = [status, by];
}

function keysOf(state, names) {
  return names.flatMap((name) => {
    const person = personOf(state, name) ?? refuse("GOV-010", `author ${name} is not on the roster`);
    return person.devices.map((device) => device.key);
  });
}

export function propose(state, body, signer, at) {
  const proposer = human(signer);
  const terms = { ...body, limits: limitsOf(body.limits), until: BigInt(body.valid_until) };
  const authorKeys = keysOf(state, [...terms.authors, proposer]);
  if (strategyOf(state, terms.strategy)?.retired) refuse("GOV-014", `${terms.strategy} was retired`);
  tierFor(state, terms, at.ts);
  if (!strategyOf(state, terms.strategy)) state.strategies.push({ name: terms.strategy, last: null, retired: null });
  const [id, record, content] = [at.id, at.record, at.content];
  state.proposals.push({ id, record, content, terms, proposer, authorKeys, votes: [], status: "open", closedBy: null });
  return "proposed";
}

function namedTier(state, terms) {
  const { tiers } = inForce(state).body;
  return tiers.find((tier) => tier.name === terms.tier) ?? refuse("GOV-010", `no tier ${terms.tier}`);
}

// The tier that a proposal asks for, if all that the policy in force demands of the proposal holds at `ts`.
function tierFor(state, terms, ts) {
  const tier = namedTier(state, terms);
  inTime(terms, ts);
  allowsLimits(tier, terms.limits);
  if (!terms.universe.every((symbol) => mayTrade(tier, symbol))) refuse("GOV-024", `no instrument of ${tier.name}`);
  if (terms.until > ts + BigInt(tier.valid_ns)) refuse("GOV-024", `longer than ${tier.name} allows`);
  const last = strategyOf(state, terms.strategy)?.last ?? null;
  if (terms.prev !== last) refuse("GOV-025", `prev is ${terms.prev}, the last change is ${last}`);
  isShown(state, terms, tier);
  hasLived(state, terms, tier, ts);
  return tier;
}

function inTime(terms, ts) {
  if (terms.until <= ts) refuse("GOV-014", `${terms.strategy} was valid until ${terms.until}`);
}

function allowsLimits(tier, limits) {
  for (const name of ["capital", "gross", "loss"]) {
    if (limits[name] > units(tier[name])) refuse("GOV-024", `${name} is more than ${tier.name} allows`);
  }
  if (limits.adv_share_bps > BigInt(tier.adv_share_bps)) refuse("GOV-024", `more volume than ${tier.name} allows`);
}

const mayTrade = (tier, symbol) => tier.instruments === "any" || tier.instruments.includes(symbol);

// The proposal names the evidence that it claims, and what its tier demands.
function isShown(state, { artifact, evidence }, tier) {
  if (evidence.event === null) {
    if (tier.evidence.pack || evidence.pack !== null) refuse("GOV-026", "no event of evidence is named");
    return;
  }
  const known = state.evidence.find((row) => row.id === evidence.event) ?? refuse("GOV-026", "no such evidence");
  if (known.artifact !== artifact || known.pack !== evidence.pack) refuse("GOV-026", "evidence of something else");
}

// The artifact was in force long enough where the tier demands it.
function hasLived(state, { strategy, artifact, evidence }, tier, ts) {
  const [needed, from] = [BigInt(tier.evidence.live_ns), tier.evidence.live_from];
  const { tiers } = inForce(state).body;
  const ground = from === null ? tiers[tier.rank - 1] : tiers.find((lower) => lower.name === from);
  if (needed === 0n || ground === undefined) return;
  const { live } = evidence;
  if (live?.from_tier !== ground.name || BigInt(live.to) > ts) refuse("GOV-026", `results at ${ground.name} up to now`);
  let lived = 0n;
  const isMeant = (row) => row.artifact === artifact && row.tier === ground.name;
  for (const row of latestFirst(state, strategy).filter(isMeant)) {
    const begun = begins(row) > BigInt(live.from) ? begins(row) : BigInt(live.from);
    const stopped = least(stops(state, row), BigInt(live.to));
    if (stopped > begun) lived += stopped - begun;
  }
  if (lived < needed) refuse("GOV-026", `${lived} ns at ${ground.name}, ${needed} ns are demanded`);
}

const isProposedBy = ({ proposer, terms }, name) => proposer === name || terms.authors.includes(name);

export function decide(state, { proposal: id, role, decision }, signer, at) {
  const vote = { person: human(signer), role, key: signer.key, policy: inForce(state).id };
  const target = state.proposals.find((proposal) => proposal.id === id);
  if (target === undefined) return decideOnPolicy(state, id, vote, decision);
  mayDecide(state, namedTier(state, target.terms).sign, target, isProposedBy(target, vote.person), vote);
  isOpen(target);
  inTime(target.terms, at.ts);
  if (decision === "reject") {
    close(target, "rejected", vote.person);
    return "rejected";
  }
  tierFor(state, target.terms, at.ts);
  target.votes = withVote(target.votes, vote);
  return missingFor(state, target).length > 0 ? "approved" : grant(state, target, at);
}

function decideOnPolicy(state, id, vote, decision) {
  const target = state.amendments.find((amendment) => amendment.id === id) ?? refuse("GOV-006", `proposal ${id}`);
  mayDecide(state, inForce(state).body.change, target, target.author === vote.person, vote);
  isOpen(target);
  if (decision === "reject") {
    close(target, "rejected", vote.person);
    return "rejected";
  }
  isMet(state, target.policy, state.roster);
  target.votes = withVote(target.votes, vote);
  if (missingForPolicy(state, target).length > 0) return "approved";
  close(target, "granted", null);
  return enact(state, id, target.policy);
}

// The person holds the role, the role has a seat, and the person is no author, under this name or with these keys.
function mayDecide(state, sign, target, isAuthor, { person: name, role }) {
  const person = personOf(state, name);
  if (!person?.roles.includes(role)) refuse("GOV-004", `${name} is not ${role}`);
  const takes = (seat) => seat.role === role || seat.person === name;
  if (!ways(sign).flat().some(takes)) refuse("GOV-004", `${role} has no seat`);
  if (isAuthor || ownsAny(person, target.authorKeys)) refuse("GOV-005", `${name} is an author`);
}

function isOpen(row) {
  if (row.status !== "open") refuse("GOV-014", `it is ${row.status}`);
}

// A later vote of a person in a role takes the place of their earlier one.
function withVote(votes, vote) {
  const own = (other) => other.person === vote.person && other.role === vote.role;
  const known = votes.find(own);
  if (known?.key === vote.key && known.policy === vote.policy) refuse("GOV-009", `${vote.person} approved before`);
  return [...votes.filter((other) => !own(other)), vote];
}

export function missingFor(state, proposal) {
  const tier = state.policy.body.tiers.find((row) => row.name === proposal.terms.tier);
  if (tier === undefined) return [`tier ${JSON.stringify(proposal.terms.tier)}`];
  return emptySeats(state, tier.sign, proposal, (name) => isProposedBy(proposal, name));
}

export function missingForPolicy(state, amendment) {
  return emptySeats(state, state.policy.body.change, amendment, (name) => amendment.author === name);
}

// A vote counts while its person is on the roster, holds the role and owns the key, the key is not revoked, and the
// policy that it was given under is in force.
function emptySeats(state, sign, target, isAuthor) {
  const counts = ({ person: name, role, key, policy }) => {
    const person = personOf(state, name);
    const stands = person?.roles.includes(role) && ownsAny(person, [key]) && !ownsAny(person, target.authorKeys);
    return stands && !isAuthor(name) && policy === state.policy.id && !isRevoked(state, key);
  };
  return missing(sign, target.votes.filter(counts).map((vote) => [vote.person, vote.role]));
}

// Puts a mandate in force, at once or after its cool-down, and closes every other proposal for the strategy.
function grant(state, proposal, at) {
  const { terms, id } = proposal;
  const tier = tierFor(state, terms, at.ts);
  const coolDown = BigInt(tier.cool_down_ns);
  const from = coolDown === 0n ? 0n : least(at.ts + coolDown, NANOS_MAX);
  const more = { artifact: terms.artifact, proposal: id, from, expires: terms.until, paused: null };
  state.mandates.push(mandate(state, tier, terms.strategy, terms.limits, terms.universe, at, more));
  for (const other of state.proposals) {
    const own = other.terms.strategy === terms.strategy && other !== proposal;
    if (own && ["open", "granted"].includes(other.status)) close(other, "superseded", id);
  }
  close(proposal, "granted", null);
  strategyOf(state, terms.strategy).last = id;
  return "granted";
}

function mandate(state, tier, strategy, limits, universe, at, more) {
  const { name, kind, rank } = tier;
  const [index, policy] = [state.mandates.length + 1, inForce(state).id];
  const terms = { index, strategy, tier: name, kind, rank, isolation: isolationOf(tier), policy, limits, universe };
  return { ...terms, granted: at.ts, ended: null, cause: at.record, ...more };
}

export const begins = (row) => (row.from === 0n ? row.granted : row.from);

// A strategy's mandates that began or can begin.
function latestFirst(state, strategy) {
  const neverBegan = (row) => row.ended !== null && row.ended < begins(row);
  return state.mandates.filter((row) => row.strategy === strategy && !neverBegan(row)).reverse();
}

// The mandate that has begun and was not taken back; it may be paused or have expired.
function current(state, strategy, ts) {
  const begun = latestFirst(state, strategy).find((row) => begins(row) <= ts);
  return begun?.ended === null ? begun : undefined;
}

// The mandate that still cools down.
function pending(state, strategy, ts) {
  const [latest] = latestFirst(state, strategy);
  return latest !== undefined && begins(latest) > ts ? latest : undefined;
}

// When a mandate stops: it expired, was taken back or paused, or the next one began.
export function stops(state, row) {
  const next = latestFirst(state, row.strategy).filter((later) => later.index > row.index).at(-1);
  return least(row.expires, row.ended ?? NANOS_MAX, row.paused ?? NANOS_MAX, next ? begins(next) : NANOS_MAX);
}

function known(state, name) {
  return strategyOf(state, name) ?? refuse("CORE-008", `no strategy ${name}`);
}

// Every open proposal is closed, and the next one must name this event.
function restrain(state, strategy, at) {
  strategy.last = at.id;
  const open = state.proposals.filter((p) => p.terms.strategy === strategy.name && p.status === "open");
  for (const proposal of open) close(proposal, "revoked", at.actor);
}

function end(row, at) {
  [row.ended, row.cause] = [at.ts, at.record];
}

function endAll(state, name, at) {
  const rows = [pending(state, name, at.ts), current(state, name, at.ts)];
  for (const row of rows.filter((row) => row !== undefined)) end(row, at);
}

export function pause(state, { strategy: name }, signer, at) {
  const [strategy, actor] = [known(state, name), human(signer)];
  const votes = personOf(state, actor).roles.map((role) => [actor, role]);
  if (missing(inForce(state).body.pause, votes).length > 0) refuse("GOV-004", `${actor} may not pause`);
  const [now, next] = [current(state, name, at.ts), pending(state, name, at.ts)];
  const row = now ?? next ?? refuse("GOV-014", `${name} has no mandate to pause`);
  if (row.paused !== null) refuse("GOV-014", `${name} is paused already`);
  restrain(state, strategy, at);
  if (now && next) end(next, at);
  [row.paused, row.cause] = [at.ts, at.record];
  return "paused";
}

// A lower tier at once, with limits that are nowhere wider than before.
export function demote(state, body, signer, at) {
  const { strategy: name, tier: to } = body;
  const [actor, limits] = [human(signer), limitsOf(body.limits)];
  const strategy = known(state, name);
  riskOfficer(state, actor);
  const before = current(state, name, at.ts) ?? refuse("GOV-014", `${name} has no mandate in force`);
  const lower = inForce(state).body.tiers.filter((tier) => tier.rank < before.rank);
  const tier = lower.find((row) => row.name === to) ?? refuse("GOV-024", `${to} is no tier below`);
  allowsLimits(tier, limits);
  const wider = Object.keys(limits).find((field) => limits[field] > before.limits[field]);
  if (wider !== undefined) refuse("GOV-024", `${wider} would be wider than it is now`);
  const universe = before.universe.filter((symbol) => mayTrade(tier, symbol));
  if (universe.length === 0) refuse("GOV-024", `nothing it trades is among ${to}'s instruments`);
  const expires = least(before.expires, at.ts + BigInt(tier.valid_ns));
  const paused = before.paused === null ? null : at.ts;
  const more = { artifact: before.artifact, proposal: before.proposal, from: 0n, expires, paused };
  const stronger = LEVELS[Math.max(...[before.isolation, isolationOf(tier)].map((level) => LEVELS.indexOf(level)))];
  const left = mandate(state, tier, name, limits, universe, at, { ...more, isolation: stronger });
  restrain(state, strategy, at);
  endAll(state, name, at);
  state.mandates.push(left);
  return "demoted";
}

export function retire(state, { strategy: name }, signer, at) {
  const [strategy, actor] = [known(state, name), human(signer)];
  const person = personOf(state, actor);
  const isAuthor = (p) => p.terms.strategy === name && (isProposedBy(p, actor) || ownsAny(person, p.authorKeys));
  if (!state.proposals.some(isAuthor)) riskOfficer(state, actor);
  if (strategy.retired) refuse("GOV-014", `${name} was retired already`);
  restrain(state, strategy, at);
  endAll(state, name, at);
  strategy.retired = actor;
  return "retired";
}

export function revokeStrategy(state, { strategy: name }, signer, at) {
  riskOfficer(state, human(signer));
  restrain(state, known(state, name), at);
  const granted = state.proposals.filter((p) => p.terms.strategy === name && p.status === "granted");
  for (const proposal of granted) close(proposal, "revoked", at.actor);
  endAll(state, name, at);
  return "revoked";
}

export function revokeProposal(state, { proposal: id }, signer, at) {
  riskOfficer(state, human(signer));
  const amendment = state.amendments.find((row) => row.id === id);
  if (amendment !== undefined) {
    isOpen(amendment);
    close(amendment, "revoked", at.actor);
    return "rejected";
  }
  const target = state.proposals.find((row) => row.id === id) ?? refuse("GOV-006", `proposal ${id}`);
  if (["open", "granted"].includes(target.status)) close(target, "revoked", at.actor);
  const { strategy: name } = target.terms;
  const rows = [pending(state, name, at.ts), current(state, name, at.ts)].filter((row) => row?.proposal === id);
  if (rows.length > 0) strategyOf(state, name).last = at.id;
  for (const row of rows) end(row, at);
  return "revoked";
}
