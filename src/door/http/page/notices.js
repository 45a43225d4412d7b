// Short messages: shown in a corner for a while, and said to screen readers.

import { el, iconButton } from "./dom.js";

const shownMs = 8000;

/** Something went wrong, or was done. Stays a while, or until it is closed. */
export function notice(text, { isError = false } = {}) {
    const node = el("div", { className: isError ? "notice error" : "notice" },
        el("span", {}, text));
    node.append(iconButton("close", "Close", () => node.remove()));
    document.getElementById("notices").append(node);
    setTimeout(() => node.remove(), shownMs);
}

/** Said and not shown. */
export function say(text) {
    document.getElementById("spoken").textContent = text;
}
