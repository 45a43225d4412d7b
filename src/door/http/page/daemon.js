// What the daemon says of itself, kept up to date while somebody looks: its status, workers and
// jobs, the models, and how loads get on. The browser lets a page have six connections to a host,
// over all of its tabs: only a tab that is seen follows the events.

import { call, json } from "./api.js";
import { serverEvents } from "./server_events.js";

const pollEveryMs = 1500;
const againAfterMs = 3000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tells "change" whenever something is another than before. */
export class Daemon extends EventTarget {
    status = null;
    workers = [];
    jobs = [];
    models = [];
    modelsError = "";
    /** How far a target's load is, 0 to 1. */
    loads = new Map();
    /** Why the daemon cannot be asked; empty: it can. */
    fault = "";
    /** Whether that is for want of a key. */
    wantsKey = false;
    #events = null;

    start() {
        this.#watch();
        this.#poll();
        this.refreshModels();
        document.addEventListener("visibilitychange", () => this.#watch());
    }

    async refreshModels() {
        try {
            this.models = (await json("GET", "/models")).models;
            this.modelsError = "";
        } catch (error) {
            this.modelsError = error.message;
        }
        this.#tell();
    }

    async refresh() {
        try {
            const [status, ps] = await Promise.all([json("GET", "/status"), json("GET", "/ps")]);
            this.status = status;
            this.workers = ps.workers;
            this.jobs = ps.jobs;
            this.fault = "";
        } catch (error) {
            this.fault = error.message;
            this.wantsKey = error.code === "unauthorized";
        }
        this.#tell();
    }

    /** The worker that has a model, if one has. */
    workerOf(model) {
        return this.workers.find((worker) => worker.state !== "stopped" &&
            (worker.name ? worker.name === model.name : worker.model === model.path));
    }

    /** What a worker's model is called. */
    nameOf(worker) {
        const own = worker.name || worker.model;
        return worker.kind === "engine" ? own : [worker.kind, own].filter(Boolean).join(":");
    }

    /** The same as BACKEND:MODEL, whichever backend is the default. */
    addressOf(worker) {
        const name = this.nameOf(worker);
        return worker.kind === "engine" ? `llama:${name}` : name;
    }

    async load(name) {
        await json("POST", "/load", { body: { model: name, detach: true }, byUser: true });
    }

    async unload(name) {
        await json("POST", "/unload", { body: { model: name }, byUser: true });
        await this.refresh();
    }

    async cancel(job) {
        await json("DELETE", `/jobs/${job}`, { byUser: true });
        await this.refresh();
    }

    async #poll() {
        for (;;) {
            if (!document.hidden) {
                await this.refresh();
            }
            await pause(pollEveryMs);
        }
    }

    #watch() {
        if (document.hidden) {
            this.#events?.abort();
            this.#events = null;
        } else if (!this.#events) {
            this.#events = new AbortController();
            this.#follow(this.#events.signal);
        }
    }

    async #follow(signal) {
        while (!signal.aborted) {
            try {
                const response = await call("GET", "/events", { signal });
                for await (const { event, data } of serverEvents(response)) {
                    if (data) {
                        this.#take(event, JSON.parse(data));
                    }
                }
            } catch {
                // the daemon stops, or the tab is hidden: the next refresh says so
            }
            if (!signal.aborted) {
                await pause(againAfterMs);
            }
        }
    }

    #take(event, { target, fraction }) {
        if (event === "load") {
            this.loads.set(target, fraction);
            this.#tell();
        } else {
            this.loads.delete(target);
            this.refresh();
            if (event === "ready" || event === "unload") {
                this.refreshModels();
            }
        }
    }

    #tell() {
        this.dispatchEvent(new Event("change"));
    }
}
