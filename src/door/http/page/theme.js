// The switch between light, dark and what the system says.

import { el, icon } from "./dom.js";

const choices = [
    ["auto", "As the system"],
    ["light", "Light", "sun"],
    ["dark", "Dark", "moon"],
];

function apply(theme) {
    const root = document.documentElement;
    if (theme === "auto") {
        delete root.dataset.theme;
    } else {
        root.dataset.theme = theme;
    }
    try {
        // read again by early_theme.js, hence no JSON
        localStorage.setItem("threadrunner.theme", theme);
    } catch {
        // it holds for this tab only
    }
}

export function showThemeSwitch(container) {
    const now = document.documentElement.dataset.theme ?? "auto";
    for (const [theme, label, picture] of choices) {
        container.append(el("label", { title: label },
            el("input", { type: "radio", name: "theme", value: theme, checked: theme === now,
                ariaLabel: label, onchange: () => apply(theme) }),
            icon(picture ?? "auto")));
    }
}
