// Answers under way: asks the daemon, and puts what comes into the session's last message.

import { ApiError, call, errorIn } from "./api.js";
import { serverEvents } from "./server_events.js";

const saveEveryMs = 1000;
const leaveWithinMs = 150;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the model gets to see of a session. */
function messagesFor(session) {
    const out = session.system ? [{ role: "system", content: session.system }] : [];
    for (const { role, content } of session.messages) {
        if (content) {
            out.push({ role, content });
        }
    }
    return out;
}

function requestFor(session) {
    const body = { messages: messagesFor(session), stream: true,
        stream_options: { include_usage: true }, ...session.sampling };
    if (session.model) {
        body.model = session.model;
    }
    return body;
}

/** Tokens a second: as the model's worker measured it, else as they came here. */
class Pace {
    #first = 0;
    #last = 0;
    #pieces = 0;

    came() {
        this.#last = performance.now();
        this.#first ||= this.#last;
        this.#pieces += 1;
    }
    rate(timings, tokens) {
        if (timings?.predicted_per_second > 0) {
            return timings.predicted_per_second;
        }
        const seconds = (this.#last - this.#first) / 1000;
        return seconds > 0 && this.#pieces > 1 ? ((tokens || this.#pieces) - 1) / seconds : 0;
    }
}

/** Tells "change" with the session's id in `detail` whenever an answer has grown. */
export class Answering extends EventTarget {
    #sessions;
    #running = new Map();

    constructor(sessions) {
        super();
        this.#sessions = sessions;
        addEventListener("pagehide", () => {
            for (const { session } of this.#running.values()) {
                sessions.save(session);
            }
        });
    }

    isRunning(id) {
        return this.#running.has(id);
    }

    /** Leaves the answer as it is; the daemon notices that nobody reads, and cancels its job. */
    stop(id) {
        this.#running.get(id)?.abort.abort();
    }

    /** Asks for an answer to the session as it is. */
    async start(session) {
        const answer = { role: "assistant", content: "", reasoning: "", state: "running",
            model: session.model };
        const run = { session, answer, abort: new AbortController(), saved: performance.now(),
            pace: new Pace(), timings: null };
        session.messages.push(answer);
        this.#sessions.hold(session);
        this.#running.set(session.id, run);
        this.#sessions.save(session, { used: true });
        this.#tell(session);
        try {
            await this.#follow(run);
            delete answer.state;
        } catch (error) {
            const stopped = error.name === "AbortError";
            if (!stopped) {
                // a page that is being left loses its connections, too, and gets no further: then
                // the answer is kept as one that was interrupted
                await pause(leaveWithinMs);
            }
            answer.state = stopped ? "stopped" : "failed";
            answer.error = stopped ? undefined : error.message;
        }
        answer.rate = run.pace.rate(run.timings, answer.tokens);
        delete answer.progress;
        this.#running.delete(session.id);
        this.#sessions.release(session);
        if (this.#sessions.get(session.id)) {
            this.#sessions.save(session);
        }
        this.#tell(session);
    }

    async #follow(run) {
        const response = await call("POST", "/v1/chat/completions", {
            body: requestFor(run.session),
            headers: { "X-Progress": "1" },
            byUser: true,
            signal: run.abort.signal,
        });
        run.answer.job = response.headers.get("x-job-id") ?? "";
        let whole = false;
        for await (const { data, comment } of serverEvents(response)) {
            if (data === "[DONE]") {
                whole = true;
            } else if (data) {
                this.#take(run, JSON.parse(data));
            } else if (comment.startsWith("{")) {
                run.answer.progress = JSON.parse(comment);
            }
            this.#grown(run);
        }
        if (!whole) {
            throw new ApiError("The answer was cut off: the connection to the daemon broke. " +
                "Try again.", { code: "unreachable" });
        }
    }

    #take(run, chunk) {
        if (chunk.error) {
            throw errorIn(chunk);
        }
        const { answer } = run;
        const choice = chunk.choices?.[0];
        const text = choice?.delta?.content ?? "";
        const thought = choice?.delta?.reasoning_content ?? "";
        if (text || thought) {
            run.pace.came();
            delete answer.progress;
        }
        answer.content += text;
        answer.reasoning += thought;
        answer.model = chunk.model || answer.model;
        answer.tokens = chunk.usage?.completion_tokens ?? answer.tokens;
        answer.cut ||= choice?.finish_reason === "length";
        run.timings = chunk.timings ?? run.timings;
    }

    #grown(run) {
        const now = performance.now();
        if (now - run.saved > saveEveryMs) {
            run.saved = now;
            this.#sessions.save(run.session);
        }
        this.#tell(run.session);
    }

    #tell(session) {
        this.dispatchEvent(new CustomEvent("change", { detail: session.id }));
    }
}
