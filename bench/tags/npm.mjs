// Reads tags by npm's taglib-wasm: node npm.mjs NODE_MODULES path|buffers. Lines in and out as
// reader.cpp has them; a batch is what the package itself calls one.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const { TagLib } = require("taglib-wasm");
const { readMetadataBatch, setBufferMode } = require("taglib-wasm/simple");

const byPath = process.argv[3] === "path";
setBufferMode(!byPath);
// what that chooses, too
const taglib = await TagLib.initialize(byPath ? undefined : { forceWasmType: "emscripten" });

async function read(path) {
  const file = await taglib.open(byPath ? path : await readFile(path));
  try {
    if (!(file.audioProperties().sampleRate > 0)) throw new Error(`not read: ${path}`);
    return file.properties();
  } finally {
    file.dispose();
  }
}

async function inWindow(files, window) {
  const each = [];
  let next = 0;
  const worker = async () => {
    while (next < files.length) {
      const began = performance.now();
      await read(files[next++]);
      each.push((performance.now() - began) * 1000);
    }
  };
  await Promise.all(Array.from({ length: window }, worker));
  return each;
}

async function inBatches(files, size) {
  const each = [];
  for (let at = 0; at < files.length; at += size) {
    const began = performance.now();
    const paths = files.slice(at, at + size);
    const given = byPath ? paths : await Promise.all(paths.map((path) => readFile(path)));
    const { items } = await readMetadataBatch(given, { concurrency: 16, continueOnError: false });
    if (items.length !== paths.length) throw new Error("a batch is short");
    each.push((performance.now() - began) * 1000);
  }
  return each;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { files, window = 1, batch = 0 } = JSON.parse(line);
  const began = performance.now();
  const each_us = await (batch ? inBatches(files, batch) : inWindow(files, window));
  console.log(JSON.stringify({ ms: performance.now() - began, each_us }));
}
