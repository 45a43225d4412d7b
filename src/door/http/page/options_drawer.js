// What is set for the conversation at hand: its system prompt, its model by any name, sampling.

import { el } from "./dom.js";

const sampling = [
    ["temperature", "Temperature", { min: 0, max: 100, step: 0.05 },
        "0 is always the likeliest word"],
    ["top_p", "Top P", { min: 0, max: 1, step: 0.01 }, "of so much probability together"],
    ["top_k", "Top K", { min: 0, step: 1 }, "of so many likeliest"],
    ["min_p", "Min P", { min: 0, max: 1, step: 0.01 }, "at least so likely as the likeliest"],
    ["repeat_penalty", "Repeat penalty", { min: 0, max: 100, step: 0.05 }, "1 is none"],
    ["max_tokens", "Longest answer", { min: 1, step: 1 }, "in tokens"],
    ["seed", "Seed", { min: 0, step: 1 }, "the same gives the same answer"],
];

export class OptionsDrawer {
    #dialog = document.getElementById("options");
    #system = document.getElementById("system");
    #model = document.getElementById("model-name");
    #inputs = new Map();
    #session;
    #changed;

    /** `changed` is called with the session when something in it is another. */
    constructor(changed) {
        this.#changed = changed;
        const place = document.getElementById("sampling");
        for (const [name, label, range, meaning] of sampling) {
            const input = el("input", { type: "number", inputMode: "decimal", ...range,
                placeholder: "model’s", title: meaning,
                oninput: () => this.#setSampling(name, input) });
            this.#inputs.set(name, input);
            place.append(el("label", { className: "sampling-row" },
                el("span", {}, label, el("small", {}, meaning)), input));
        }
        this.#system.addEventListener("input", () => this.#set("system", this.#system.value));
        this.#model.addEventListener("change", () => this.#set("model", this.#model.value.trim()));
        this.#dialog.addEventListener("click", (event) => {
            if (event.target === this.#dialog) {
                this.#dialog.close();
            }
        });
    }

    open(session) {
        this.#session = session;
        this.#system.value = session.system;
        this.#model.value = session.model;
        for (const [name, input] of this.#inputs) {
            input.value = session.sampling[name] ?? "";
        }
        this.#dialog.showModal();
    }

    #set(member, value) {
        this.#session[member] = value;
        this.#changed(this.#session);
    }

    #setSampling(name, input) {
        if (input.value === "" || !input.checkValidity()) {
            delete this.#session.sampling[name];
        } else {
            this.#session.sampling[name] = Number(input.value);
        }
        this.#changed(this.#session);
    }
}
