// Markdown's tokens, as marked finds them, as elements. What a model says is foreign text, and no
// HTML is ever made of it: each kind of token becomes an element of a kind named here, and texts go
// in as texts. So nothing in an answer can become a script, a style, a form or a picture from
// elsewhere; HTML in it is shown as the text that it is. The page's content-security-policy
// (trusted types) forbids every other way.

import { copyButton } from "./clipboard.js";
import { el } from "./dom.js";

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

function textOf(raw) {
    return raw.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (all, digits, hex, name) => {
        if (name) {
            return entities[name] ?? all;
        }
        const code = digits ? Number(digits) : Number.parseInt(hex, 16);
        return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
    });
}

const linkable = /^(?:https?:\/\/|mailto:)/i;

/** A link, if it leads to the web or to mail; else only its text. */
function link(token, content) {
    const href = textOf(token.href ?? "");
    if (!linkable.test(href)) {
        return el("span", {}, ...content);
    }
    return el("a", { href, target: "_blank", rel: "noopener noreferrer",
        title: token.title ? textOf(token.title) : undefined }, ...content);
}

const inlineKinds = {
    text: (token) => token.tokens ? inline(token.tokens) : [textOf(token.raw)],
    escape: (token) => [textOf(token.text)],
    html: (token) => [token.raw],
    strong: (token) => [el("strong", {}, ...inline(token.tokens))],
    em: (token) => [el("em", {}, ...inline(token.tokens))],
    del: (token) => [el("del", {}, ...inline(token.tokens))],
    codespan: (token) => [el("code", {}, textOf(token.text))],
    br: () => [el("br")],
    link: (token) => [link(token, inline(token.tokens))],
    // a picture would be fetched from somewhere: it becomes a link to it
    image: (token) => [link(token, [token.text || token.href])],
};

function inline(tokens = []) {
    return tokens.flatMap((token) => (inlineKinds[token.type] ?? inlineKinds.html)(token));
}

function paragraph(token) {
    return el("p", {}, ...(token.tokens ? inline(token.tokens) : [textOf(token.raw)]));
}

/** A block of code under its language, with a button to copy it. */
function code(token) {
    const language = (token.lang ?? "").split(/\s/)[0] || "text";
    return el("figure", { className: "code" },
        el("figcaption", {}, el("span", {}, language),
            copyButton(() => token.text, "Copy the code")),
        el("pre", { tabIndex: 0 }, el("code", {}, token.text)));
}

function listItem(item) {
    const content = item.tokens.flatMap((token) => {
        if (token.type === "text" && !item.loose) {
            return token.tokens ? inline(token.tokens) : [textOf(token.raw)];
        }
        return [block(token)];
    });
    const box = item.task
        ? [el("input", { type: "checkbox", checked: item.checked, disabled: true }), " "] : [];
    return el("li", { className: item.task ? "task" : "" }, ...box, ...content);
}

function list(token) {
    const items = token.items.map(listItem);
    return token.ordered
        ? el("ol", { start: Number(token.start) || 1 }, ...items) : el("ul", {}, ...items);
}

function table(token) {
    const row = (cells, tag) => el("tr", {}, ...cells.map((cell, column) =>
        el(tag, { className: token.align[column] ?? "" }, ...inline(cell.tokens))));
    return el("div", { className: "table-frame", tabIndex: 0, role: "region", ariaLabel: "Table" },
        el("table", {}, el("thead", {}, row(token.header, "th")),
            el("tbody", {}, ...token.rows.map((cells) => row(cells, "td")))));
}

const blockKinds = {
    heading: (token) => el(`h${token.depth}`, {}, ...inline(token.tokens)),
    paragraph,
    text: paragraph,
    html: (token) => el("p", { className: "as-it-is" }, token.raw.trimEnd()),
    code,
    blockquote: (token) => el("blockquote", {}, ...blocks(token.tokens)),
    list,
    table,
    hr: () => el("hr"),
};

/** Whether a token shows anything: blank lines and definitions of links do not. */
export function isShown(token) {
    return token.type !== "space" && token.type !== "def";
}

/** The element of a token of the first rank. */
export function block(token) {
    return (blockKinds[token.type] ?? blockKinds.html)(token);
}

function blocks(tokens) {
    return tokens.filter(isShown).map(block);
}
