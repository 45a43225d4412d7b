// Before the first paint, so that nothing flashes: the colours that were chosen last.
"use strict";
try {
    const chosen = localStorage.getItem("threadrunner.theme");
    if (chosen === "light" || chosen === "dark") {
        document.documentElement.dataset.theme = chosen;
    }
} catch {
    // no storage: the system's colours
}
