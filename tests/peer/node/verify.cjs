// Checks proof files with sigstore's verifier of transparency logs: checkpoint signature and inclusion.
//
//   node verify.cjs KEY-LINE PROOF-FILE...
//
// Runs where the package is installed. Its functions are internal, hence the paths and the pinned version.
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const tlog = path.join(process.cwd(), "node_modules", "@sigstore", "verify", "dist", "tlog");
const { verifyCheckpoint } = require(path.join(tlog, "checkpoint.js"));
const { verifyMerkleInclusion } = require(path.join(tlog, "merkle.js"));

const [origin, keyId, ...rest] = process.argv[2].split("+");
const key = rest.join("+"); // base64 has plus signs of its own
const publicKey = crypto.createPublicKey({
  key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(key, "base64").subarray(1)]),
  format: "der",
  type: "spki",
});
const authority = { logID: Buffer.from(keyId, "hex"), baseURL: origin, publicKey };

for (const name of process.argv.slice(3)) {
  const file = JSON.parse(fs.readFileSync(name, "utf8"));
  const at = file.proof.indexOf("\n\n");
  const [header, index, ...hashes] = file.proof.slice(0, at).split("\n");
  if (header !== "c2sp.org/tlog-proof@v1") throw new Error(`another format: ${header}`);
  const envelope = file.proof.slice(at + 2);
  const entry = {
    canonicalizedBody: Buffer.from(file.entry, "base64"),
    inclusionProof: {
      logIndex: index.slice("index ".length),
      hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope },
    },
  };
  const checkpoint = verifyCheckpoint(entry, [authority]);
  if (checkpoint.origin !== origin) throw new Error(`another log: ${checkpoint.origin}`);
  verifyMerkleInclusion(entry, checkpoint);
  console.log(`${name}: entry ${index} of ${checkpoint.logSize}`);
}
