// Which model answers: what is installed, what a worker has, and the name that the session has.

import { el, reconcile, setText } from "./dom.js";

function choicesOf(daemon, session) {
    const standard = daemon.models.find((model) => model.default);
    const names = daemon.models.filter((model) => !model.error).map((model) => model.name);
    for (const worker of daemon.workers) {
        if (worker.kind !== "pull" && worker.state !== "stopped") {
            names.push(daemon.nameOf(worker));
        }
    }
    names.push(session.model);
    const named = [...new Set(names)].filter(Boolean);
    const first = { name: "", label: standard ? `Default (${standard.name})` : "Default model" };
    return [first, ...named.map((name) => ({ name, label: name }))];
}

export class ModelChoice {
    #select = document.getElementById("model");
    #daemon;

    /** `chosen` is called with a name; empty: the default. */
    constructor(daemon, chosen) {
        this.#daemon = daemon;
        this.#select.addEventListener("change", () => chosen(this.#select.value));
    }

    draw(session) {
        reconcile(this.#select, choicesOf(this.#daemon, session), {
            key: (choice) => choice.name,
            create: (choice) => el("option", { value: choice.name }),
            update: (option, choice) => setText(option, choice.label),
        });
        if (this.#select.value !== session.model) {
            this.#select.value = session.model;
        }
        this.#select.title = session.model || "The daemon’s default model";
    }
}
