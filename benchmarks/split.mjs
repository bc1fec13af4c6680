// Cuts texts with the splitters of LangChain and Chonkie. Standard input is one
// JSON object: the kind of the texts, the size, the overlap, the number of rounds
// and the texts. The program prints one JSON object for each splitter: its name,
// the seconds of each round, and the chunks of each text with their offsets in
// bytes. An offset is -1 if the splitter does not give it. Chonkie's chunker of code
// is not among them, because it downloads a grammar when it runs.
import { readFileSync, writeSync } from "node:fs";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { RecursiveChunker, SentenceChunker } from "@chonkiejs/core";

const { kind, size, overlap, rounds, texts } = JSON.parse(readFileSync(0, "utf8"));

// langchain returns a function that cuts a text into strings.
function langchain() {
  const options = { chunkSize: size, chunkOverlap: overlap };
  const rules = ["go", "markdown"].includes(kind);
  const splitter = rules
    ? RecursiveCharacterTextSplitter.fromLanguage(kind, options)
    : new RecursiveCharacterTextSplitter(options);
  return (text) => splitter.splitText(text);
}

// chonkie returns a function that cuts a text into chunks with offsets.
async function chonkie(kindOfChunker, options) {
  const chunker = await kindOfChunker.create({ chunkSize: size, ...options });
  return (text) => chunker.chunk(text);
}

const splitters = {
  "LangChain JS recursive": langchain,
  "Chonkie JS recursive": () => chonkie(RecursiveChunker),
  "Chonkie JS sentences": () => chonkie(SentenceChunker, { chunkOverlap: overlap }),
};

// byteOffsets returns the byte offset of each UTF-16 unit of a text.
function byteOffsets(text) {
  const at = new Uint32Array(text.length + 1);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const surrogate = unit >= 0xd800 && unit < 0xe000; // half of four bytes
    at[i + 1] = at[i] + (unit < 0x80 ? 1 : unit < 0x800 || surrogate ? 2 : 3);
  }
  return at;
}

// withOffsets returns the chunks of a text as this program prints them.
function withOffsets(text, chunks) {
  const at = byteOffsets(text);
  const outside = at[text.length] + 1;
  return chunks.map((chunk) =>
    typeof chunk === "string"
      ? { text: chunk, start: -1, end: -1 }
      : { text: chunk.text, start: at[chunk.startIndex] ?? outside, end: at[chunk.endIndex] ?? outside },
  );
}

// measure lets a splitter cut all texts in each round.
async function measure(name, cut) {
  const wall = [], cpu = [];
  let chunks;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage(), start = performance.now();
    chunks = [];
    for (const text of texts) chunks.push(await cut(text));
    wall.push((performance.now() - start) / 1e3);
    const used = process.cpuUsage(before);
    cpu.push((used.user + used.system) / 1e6);
  }
  return { name, wall, cpu, chunks: chunks.map((c, i) => withOffsets(texts[i], c)) };
}

// print writes a line. Standard output is a pipe, so a write may be short.
function print(answer) {
  const line = Buffer.from(JSON.stringify(answer) + "\n");
  for (let done = 0; done < line.length; ) {
    try {
      done += writeSync(1, line, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

for (const [name, make] of Object.entries(splitters)) {
  try {
    print(await measure(name, await make()));
  } catch (error) {
    console.error(`${name}: ${error.message}`);
  }
}
