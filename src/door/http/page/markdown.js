// Markdown as it grows.

import { block, isShown } from "./markdown_elements.js";

/* global marked */

const textLengthMax = 200_000;

/** What is too long, or nested too deeply, is shown as the text that it is. */
function tokensOf(text) {
    const plain = [{ type: "html", raw: text }];
    if (text.length > textLengthMax) {
        return plain;
    }
    try {
        return marked.lexer(text, { gfm: true }).filter(isShown);
    } catch {
        return plain;
    }
}

/** Shows Markdown in an element. Blocks that are whole already stay as they are when more comes:
 * what somebody has selected in them stays selected, and nothing jumps. */
export class Markdown {
    #container;
    #text = "";
    #shown = [];

    constructor(container) {
        this.#container = container;
    }

    show(text) {
        if (text === this.#text) {
            return;
        }
        this.#text = text;
        const tokens = tokensOf(text);
        tokens.forEach((token, index) => {
            const known = `${token.type} ${token.raw}`;
            if (this.#shown[index] !== known) {
                this.#shown[index] = known;
                const old = this.#container.children[index];
                const made = block(token);
                if (old) {
                    old.replaceWith(made);
                } else {
                    this.#container.append(made);
                }
            }
        });
        this.#shown.length = tokens.length;
        while (this.#container.children.length > tokens.length) {
            this.#container.lastElementChild.remove();
        }
    }
}
