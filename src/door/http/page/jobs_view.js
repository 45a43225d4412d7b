// What is under way, with a button to end it.

import { el, reconcile, setText } from "./dom.js";
import { duration } from "./format.js";
import { notice } from "./notices.js";

export class JobsView {
    #daemon;
    #rows = el("ul", { className: "rows" });
    #empty = el("p", { className: "card quiet" }, "Nothing is under way.");

    constructor(place, daemon) {
        this.#daemon = daemon;
        place.append(this.#rows, this.#empty);
    }

    draw() {
        this.#empty.hidden = this.#daemon.jobs.length > 0;
        this.#rows.hidden = this.#daemon.jobs.length === 0;
        reconcile(this.#rows, this.#daemon.jobs, {
            key: (job) => job.job,
            create: (job) => this.#row(job),
            update: (row, job) => {
                setText(row.querySelector(".job-state"), job.state);
                row.querySelector(".job-state").className = `chip job-state ${job.state}`;
                setText(row.querySelector(".job-age"), duration(job.age_ms));
            },
        });
    }

    #row(job) {
        const cancel = el("button", { type: "button", className: "button small",
            ariaLabel: `Cancel ${job.job}`, onclick: () => this.#cancel(job, cancel) }, "Cancel");
        return el("li", { className: "row-card" },
            el("div", { className: "row-text" },
                el("strong", {}, job.job), el("span", { className: "job-state" }),
                el("span", { className: "quiet wide-text" },
                    `${job.op} · ${job.target} · for ${job.owner}`),
                el("span", { className: "quiet job-age" })),
            cancel);
    }

    async #cancel(job, button) {
        button.disabled = true;
        try {
            await this.#daemon.cancel(job.job);
        } catch (error) {
            notice(error.message, { isError: true });
            button.disabled = false;
        }
    }
}
