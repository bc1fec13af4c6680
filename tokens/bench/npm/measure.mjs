// Counts the tokens of the files it is given with the packages of npm, and prints
// JSON: for each package a result for each file, as measure.go has them.
import { readFileSync } from "node:fs";
import { get_encoding } from "tiktoken";
import { encode } from "gpt-tokenizer/encoding/o200k_base";

const wasm = get_encoding("o200k_base");
const ordinary = { allowedSpecial: new Set(), disallowedSpecial: new Set() };
const packages = {
  "tiktoken (npm, WebAssembly)": (text) => wasm.encode_ordinary(text).length,
  "gpt-tokenizer (npm)": (text) => encode(text, ordinary).length,
};

function measure(count, text) {
  let best = Infinity;
  let tokens = 0;
  const begin = performance.now();
  do {
    const start = performance.now();
    tokens = count(text);
    best = Math.min(best, performance.now() - start);
  } while (performance.now() - begin < 1000);
  return { Seconds: best / 1000, Tokens: tokens };
}

const results = {};
for (const [name, count] of Object.entries(packages)) {
  results[name] = process.argv.slice(2).map((file) => measure(count, readFileSync(file, "utf8")));
}
console.log(JSON.stringify(results));
