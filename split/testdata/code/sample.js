// @ts-check
import fs from "node:fs";
import { join } from 'node:path';

const PATTERN = /[/"'`{]+/g; // a brace { in a regular expression

/**
 * Counts words.
 */
export function count(text) {
  const words = text.split(/\s+/);

  function inner(word) {
    return word.length > 0;
  }
  return words.filter(inner).length / 2;
}

export const greet = async (name) => {
  const message = `Hello ${name ? `dear ${name} }` : "{nobody"}!
    function notHere() {
  `;
  if (name) {
    console.log(message);
  } else {
    console.error(message);
  }

  switch (name) {
    case "a":
      return 1;
    default:
      return 2;
  }
};

@decorate({ kind: "{" })
export default class Queue extends Base {
  #items = [];
  static limit = 10;

  // Adds one.
  push(item) {
    this.#items
      .map((x) => x)
      .filter(Boolean);
  }

  async *drain() {
    while (this.#items.length) yield this.#items.pop();
  }
}

module.exports.parse = function (text) {
  return text;
};

greet("it's");
[1, 2].forEach((x) => {
  console.log(x);
});
