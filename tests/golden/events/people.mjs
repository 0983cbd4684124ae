// Who may say what: the roster, the signers of an event, revoked keys, evidence and epochs, as the fold needs them.
//
// Promises: every signature that counts verifies and is by a key that may sign the event; a revoked key signs nothing.
// Never: moves capital; a line of the code that wrote the vectors.

import { isSignedBy, sha256, unbase64, unhex } from "./forms.mjs";

const FOR_ALL = ["governance", "journal"];

// An event that does not count, by its code.
export class Refused extends Error {
  constructor(code, why) {
    super(`${code} ${why}`);
    this.code = code;
  }
}

export function refuse(code, why) {
  throw new Refused(code, why);
}

export const rootOf = (state) => state.roster?.root ?? state.genesis.root;
export const personOf = (state, name) => state.roster?.people.find((person) => person.name === name);
export const isRevoked = (state, key) => state.revoked.some((revoked) => revoked.key === key);
export const ownsAny = (person, keys) => person.devices.some((device) => keys.includes(device.key));
const devicesOf = (roster) => roster.people.flatMap((person) => person.devices);

export function riskOfficer(state, name) {
  if (!personOf(state, name)?.roles.includes("risk")) refuse("GOV-004", `${name} is no risk officer`);
}

export function human(signer) {
  return signer.person ?? refuse("GOV-004", "a person signs it");
}

function withScope(signer, scope) {
  if (!signer.scopes?.includes(scope)) refuse("GOV-004", `a service with the scope ${scope} signs it`);
  return signer.service;
}

// The name that a signature gives a key: its hash, computed once.
const keyids = new Map();
async function keyidOf(key) {
  if (!keyids.has(key)) keyids.set(key, await sha256(unhex(key)));
  return keyids.get(key);
}

// The people and the programs by the names of their keys.
async function ownersOf(roster) {
  const owners = new Map();
  for (const service of roster?.services ?? []) owners.set(await keyidOf(service.key), { service, key: service.key });
  for (const person of roster?.people ?? []) {
    for (const { key } of person.devices) owners.set(await keyidOf(key), { person, key });
  }
  return owners;
}

async function namesOf(keys) {
  const names = new Map();
  for (const key of keys) names.set(await keyidOf(key), key);
  return names;
}

async function verified(key, message, sig) {
  if (!(await isSignedBy(key, message, unbase64(sig)))) refuse("GOV-002", `not signed by ${key}`);
}

// Who signed: {root}, {person, key} or {service, scopes}.
export async function signerOf(state, signed, ts) {
  const { type, body } = signed.event;
  if (type === "roster") return rootSigned([rootOf(state), body.root], signed);
  if (type === "policy" && state.policy === null) return rootSigned([rootOf(state)], signed);
  const forBoth = type === "epoch" || (type === "revocation" && body.key !== undefined);
  if (forBoth && (await isForRoot(state, signed))) return rootSigned([rootOf(state)], signed);
  return oneSigned(state, signed, ts);
}

async function isForRoot(state, { signatures }) {
  const [rooted, staffed] = [await namesOf(rootOf(state).keys), await ownersOf(state.roster)];
  const alone = signatures.length === 1;
  return signatures.every(({ keyid }) => rooted.has(keyid) && !(alone && staffed.has(keyid)));
}

// Every signature is by a key of one of the roots, and each root's threshold is reached.
async function rootSigned(roots, { event, message, signatures }) {
  const names = await namesOf(roots.flatMap((root) => root.keys));
  const signed = [];
  for (const { keyid, sig } of signatures) {
    const key = names.get(keyid) ?? refuse("GOV-003", `${keyid} is not a root key`);
    await verified(key, message, sig);
    signed.push(key);
  }
  for (const { keys, threshold } of roots) {
    const count = signed.filter((key) => keys.includes(key)).length;
    if (count < threshold) refuse("GOV-007", `${count} root signatures, ${threshold} needed`);
  }
  if (!signatures.some(({ keyid }) => keyid === event.device)) refuse("GOV-001", "the device did not sign");
  return { root: true };
}

// The one signature is by a device of the actor, or by the actor that is a service.
async function oneSigned(state, { event, message, signatures }, ts) {
  const [{ keyid, sig }] = signatures;
  if (signatures.length !== 1 || keyid !== event.device) refuse("GOV-001", "one device signs, the event's");
  const owner = (await ownersOf(state.roster)).get(keyid) ?? refuse("GOV-003", `${event.actor} claims ${keyid}`);
  const { name } = owner.person ?? owner.service;
  if (name !== event.actor) refuse("GOV-004", `the key is ${name}'s`);
  await verified(owner.key, message, sig);
  if (isRevoked(state, owner.key)) refuse("GOV-027", `${name}'s key ${owner.key}`);
  if (owner.person) return { person: name, key: owner.key };
  if (BigInt(owner.service.valid_until) <= ts) refuse("GOV-004", `${name}'s time is over`);
  return { service: name, scopes: owner.service.scopes };
}

// Recipients that are no longer anybody's are never given a key again.
export function setPeople(state, roster) {
  const ages = (of) => devicesOf(of).flatMap((device) => device.age ?? []);
  const stays = new Set(ages(roster));
  const before = state.roster ? ages(state.roster) : [];
  state.former = [...new Set([...state.former, ...before])].filter((age) => !stays.has(age));
  state.roster = roster;
  return "roster_set";
}

export async function revokeKey(state, { key, reason }, signer, at) {
  const owner = (await ownersOf(state.roster)).get(await keyidOf(key)) ?? refuse("GOV-003", `${key} is nobody's`);
  const { name } = owner.person ?? owner.service;
  if (!signer.root) {
    const by = human(signer);
    if (owner.person?.name !== by || signer.key === key) riskOfficer(state, by);
  }
  if (isRevoked(state, key)) refuse("GOV-009", `${key} was revoked before`);
  state.revoked.push({ key, owner: name, by: at.actor, reason, record: at.record, ts: at.ts });
  return "key_revoked";
}

export function learn(state, body, signer, at) {
  const service = withScope(signer, "evidence");
  state.evidence.push({ ...body, id: at.id, record: at.record, service, ts: at.ts });
  return "evidence_known";
}

export function beginEpoch(state, { compartment, number, commitment, recipients }, signer, at) {
  if (signer.person) riskOfficer(state, signer.person);
  else if (!signer.root) withScope(signer, "epoch");
  const last = state.epochs.filter((epoch) => epoch.compartment === compartment).at(-1)?.number ?? 0;
  if (number !== last + 1) refuse("GOV-028", `${compartment}: number ${number} after ${last}`);
  for (const { key, age } of state.roster ? devicesOf(state.roster) : []) {
    if (age === null) continue;
    const given = recipients.includes(age);
    if (given && isRevoked(state, key)) refuse("GOV-028", `${age} is of a revoked key`);
    if (!given && !isRevoked(state, key) && FOR_ALL.includes(compartment)) refuse("GOV-028", `${age} is left out`);
  }
  if (recipients.some((age) => state.former.includes(age))) refuse("GOV-028", "a recipient left the roster");
  const { id, record, actor: by, ts } = at;
  state.epochs.push({ id, record, by, ts, compartment, number, commitment, recipients });
  return "epoch_begun";
}
