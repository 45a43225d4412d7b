// The models that are installed, those that are loaded, and the memory that they share.

import { el, icon, reconcile, setText } from "./dom.js";
import { bytes, count, duration, parameters, percent } from "./format.js";
import { notice } from "./notices.js";

function factsOf(model) {
    return [
        model.bytes && bytes(model.bytes),
        model.quantization,
        model.parameters && `${parameters(model.parameters)} parameters`,
        model.context && `${count(model.context)} tokens of context`,
        model.memory_bytes && `takes about ${bytes(model.memory_bytes)}`,
    ].filter(Boolean).join(" · ");
}

function stateOf(worker, fraction) {
    if (!worker) {
        return fraction === undefined ? "" : `loading, ${percent(fraction)}`;
    }
    if (worker.state === "starting") {
        return fraction === undefined ? "loading" : `loading, ${percent(fraction)}`;
    }
    const leaves = worker.expires_ms > 0 ? `unloads in ${duration(worker.expires_ms)}` : "";
    const busy = worker.busy ? `${worker.busy} of ${worker.slots} answering` : "";
    return [worker.state, bytes(worker.rss_bytes), busy || leaves].filter(Boolean).join(" · ");
}

/** A row: a model of the registry, or what a worker has that is none of them. */
function rowsOf(daemon) {
    const rows = daemon.models.map((model) => ({ key: `model ${model.name}`, name: model.name,
        model, worker: daemon.workerOf(model) }));
    for (const worker of daemon.workers) {
        const known = rows.some((row) => row.worker === worker);
        if (!known && worker.kind !== "pull" && worker.state !== "stopped") {
            rows.push({ key: `worker ${worker.target}`, name: daemon.nameOf(worker), worker });
        }
    }
    return rows;
}

export class ModelsView {
    #daemon;
    #onchat;
    #busy = new Set();
    #meter = el("div", { className: "card meter-card" },
        el("div", { className: "meter-head" }, el("h2", {}, "Memory"), el("span")),
        el("div", { className: "meter", role: "img" }), el("p", { className: "quiet" }));
    #list = el("ul", { className: "cards" });
    #empty = el("div", { className: "card empty-card", hidden: true },
        el("h2", {}, "No models yet"),
        el("p", {}, "Fetch one, or put a GGUF file into the folder of models:"),
        el("pre", { className: "command" }, "threadrunner pull hf:OWNER/REPO"));
    #fault = el("p", { className: "failure", role: "alert", hidden: true });

    /** `onchat` is called with the name of a model that somebody wants to talk to. */
    constructor(place, daemon, onchat) {
        this.#daemon = daemon;
        this.#onchat = onchat;
        place.append(this.#fault, this.#meter, this.#list, this.#empty);
    }

    draw() {
        const rows = rowsOf(this.#daemon);
        this.#fault.hidden = !(this.#daemon.fault || this.#daemon.modelsError);
        setText(this.#fault, this.#daemon.fault || this.#daemon.modelsError);
        this.#empty.hidden = this.#daemon.models.length > 0 || !this.#fault.hidden;
        drawMeter(this.#meter, this.#daemon);
        reconcile(this.#list, rows, {
            key: (row) => row.key,
            create: (row) => this.#card(row),
            update: (card, row) => this.#update(card, row),
        });
    }

    #card(row) {
        const { model } = row;
        const talks = !model ||
            model.capabilities?.some((can) => can === "chat" || can === "complete");
        const chips = [model?.default && "default", ...(model?.capabilities ?? []),
            !model && row.worker.kind].filter(Boolean);
        return el("li", { className: "card model-card" },
            el("div", { className: "card-text" },
                el("h3", {}, row.name),
                el("p", { className: "chips" },
                    ...chips.map((chip) => el("span", { className: `chip ${chip}` }, chip))),
                el("p", { className: "quiet facts" }),
                el("p", { className: "state" }), el("p", { className: "fault" }),
                el("progress", { max: 1, hidden: true, ariaLabel: `Loading ${row.name}` })),
            el("div", { className: "card-tools" },
                el("button", { type: "button", className: "button small chat-with", hidden: !talks,
                    onclick: () => this.#onchat(row.name) }, icon("chat"), "Chat"),
                el("button", { type: "button", className: "button small toggle" })));
    }

    #update(card, { name, model, worker }) {
        const part = (selector) => card.querySelector(selector);
        const fraction = worker && this.#daemon.loads.get(worker.target);
        const loading = this.#busy.has(`load ${name}`) || worker?.state === "starting";
        const loaded = worker && ["ready", "busy"].includes(worker.state);
        const aliases = model?.aliases?.length ? `also ${model.aliases.join(", ")}` : "";
        setText(part(".facts"), [model && factsOf(model), aliases].filter(Boolean).join(" · "));
        setText(part(".state"), stateOf(worker, fraction) || (loading ? "loading" : "not loaded"));
        setText(part(".fault"), model?.error ?? "");
        card.classList.toggle("loaded", Boolean(loaded));
        const progress = part("progress");
        progress.hidden = !loading;
        if (fraction !== undefined) {
            progress.value = fraction;
        } else {
            progress.removeAttribute("value");
        }
        const toggle = part(".toggle");
        setText(toggle, loaded ? "Unload" : "Load");
        toggle.ariaLabel = `${loaded ? "Unload" : "Load"} ${name}`;
        toggle.disabled = loading || this.#busy.has(`unload ${name}`) || Boolean(model?.error);
        toggle.onclick = () => this.#do(loaded ? "unload" : "load", name,
            loaded ? this.#daemon.addressOf(worker) : name);
    }

    async #do(what, name, address) {
        this.#busy.add(`${what} ${name}`);
        this.draw();
        try {
            await this.#daemon[what](address);
        } catch (error) {
            notice(error.message, { isError: true });
        }
        this.#busy.delete(`${what} ${name}`);
        this.#daemon.refresh();
    }
}

/** The budget as a bar, with a piece for each worker. */
export function drawMeter(meter, daemon) {
    const memory = daemon.status?.memory;
    if (!memory) {
        return;
    }
    const text = `${bytes(memory.reserved_bytes)} of ${bytes(memory.budget_bytes)}`;
    setText(meter.querySelector(".meter-head span"), text);
    const bar = meter.querySelector(".meter");
    bar.ariaLabel = `Memory that is promised: ${text}`;
    const workers = daemon.workers.filter((worker) => worker.reserved_bytes > 0);
    reconcile(bar, workers, {
        key: (worker) => worker.target,
        create: () => el("span", { className: "piece" }),
        update: (piece, worker) => {
            const part = worker.reserved_bytes / memory.budget_bytes;
            piece.style.width = `${Math.max(0.5, part * 100)}%`;
            piece.title = `${daemon.nameOf(worker)}: ${bytes(worker.reserved_bytes)}`;
        },
    });
    const note = meter.querySelector("p");
    if (note) {
        setText(note, workers.length === 0 ? "Nothing is loaded."
            : workers.map((worker) => `${daemon.nameOf(worker)} ${bytes(worker.reserved_bytes)}`)
                .join(" · "));
    }
}
