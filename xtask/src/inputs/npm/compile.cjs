// Compiles the contracts in the folder `contracts` beside this file and prints one JSON object: the creation code in
// hex by the contract's name. Imports come from `node_modules` beside this file. Warnings are errors.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const folder = path.join(__dirname, "contracts");
const files = fs.readdirSync(folder).sort();
const read = (file) => ({ content: fs.readFileSync(file, "utf8") });

const input = {
  language: "Solidity",
  sources: Object.fromEntries(files.map((file) => [file, read(path.join(folder, file))])),
  settings: {
    evmVersion: "osaka",
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
  },
};

const findImport = (name) => {
  try {
    return { contents: read(path.join(__dirname, "node_modules", name)).content };
  } catch (error) {
    return { error: error.message };
  }
};

const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
for (const message of output.errors ?? []) {
  process.stderr.write(message.formattedMessage + "\n");
}
if ((output.errors ?? []).length > 0) {
  process.exit(1);
}

const code = {};
for (const file of files) {
  const name = path.basename(file, ".sol");
  code[name] = output.contracts[file][name].evm.bytecode.object;
}
process.stdout.write(JSON.stringify(code));
