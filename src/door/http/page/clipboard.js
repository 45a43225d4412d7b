// Copying texts.

import { el, icon, iconButton } from "./dom.js";

const shownMs = 1500;

async function toClipboard(text) {
    if (navigator.clipboard) {
        await navigator.clipboard.writeText(text);
        return;
    }
    // browsers give it to pages of this machine and of HTTPS only
    const area = el("textarea", { value: text, className: "hidden-text", readOnly: true });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
}

/** A button that copies a text, and shows that it did. */
export function copyButton(text, label) {
    const button = iconButton("copy", label, async () => {
        await toClipboard(text());
        button.replaceChildren(icon("check"));
        setTimeout(() => button.replaceChildren(icon("copy")), shownMs);
    });
    return button;
}
