// The daemon's log as it is written.

import { call } from "./api.js";
import { el } from "./dom.js";
import { serverEvents } from "./server_events.js";

const linesMax = 1000;
const linesFirst = 200;
const nearBottom = 40;
const againAfterMs = 3000;

function lineOf(entry) {
    const { time = "", level = "info", target = "", job = "", message = "", ...facts } = entry;
    const more = Object.entries(facts).map(([name, value]) => `${name}=${value}`).join(" ");
    return el("div", { className: `log-line ${level}` },
        el("time", { dateTime: time, title: time }, time.slice(11, 19)),
        el("span", { className: "log-level" }, level),
        el("span", { className: "log-target" }, job ? `${target} ${job}` : target),
        el("span", { className: "log-text" }, [message, more].filter(Boolean).join(" ")));
}

/** Follows the log while it is shown. */
export class LogView {
    #place = document.getElementById("log");
    #level = document.getElementById("log-level");
    #following = null;

    constructor() {
        this.#level.addEventListener("change", () => this.#restart());
        document.addEventListener("visibilitychange", () => this.#restart());
    }

    show() {
        this.#following ??= this.#begin();
    }

    hide() {
        this.#following?.abort();
        this.#following = null;
    }

    #restart() {
        if (this.#following) {
            this.#following.abort();
            this.#following = this.#begin();
        }
    }

    #begin() {
        const abort = new AbortController();
        if (!document.hidden) {
            this.#follow(abort.signal);
        }
        return abort;
    }

    async #follow(signal) {
        while (!signal.aborted) {
            try {
                const query = new URLSearchParams({ lines: linesFirst, level: this.#level.value });
                const response = await call("GET", `/logs?${query}`, { signal, mayAsk: false });
                this.#place.replaceChildren();
                for await (const { data } of serverEvents(response)) {
                    if (data) {
                        this.#add(JSON.parse(data));
                    }
                }
            } catch (error) {
                if (error.name !== "AbortError") {
                    this.#place.replaceChildren(el("p", { className: "quiet" }, error.message));
                }
            }
            if (!signal.aborted) {
                await new Promise((resolve) => setTimeout(resolve, againAfterMs));
            }
        }
    }

    #add(entry) {
        const { scrollTop, scrollHeight, clientHeight } = this.#place;
        const follows = scrollHeight - scrollTop - clientHeight < nearBottom;
        this.#place.append(lineOf(entry));
        while (this.#place.childElementCount > linesMax) {
            this.#place.firstElementChild.remove();
        }
        if (follows) {
            this.#place.scrollTop = this.#place.scrollHeight;
        }
    }
}
