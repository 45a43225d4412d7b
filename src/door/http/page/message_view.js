// One message of a conversation.

import { copyButton } from "./clipboard.js";
import { el, icon, iconButton, setText } from "./dom.js";
import { count, percent, plural } from "./format.js";
import { Markdown } from "./markdown.js";

function progressText(progress) {
    if (progress?.queued) {
        const { position } = progress.queued;
        return position > 1 ? `Waiting, number ${position} in line` : "Waiting, next in line";
    }
    if (progress?.load) {
        return `Loading the model, ${percent(progress.load.fraction)}`;
    }
    return "Thinking";
}

/** What is known of an answer, as a line: model, tokens, pace, how it ended. */
function factsOf(message, runs) {
    const facts = [];
    if (message.model) {
        facts.push(message.model);
    }
    if (message.tokens) {
        facts.push(plural(message.tokens, "token"));
    }
    if (message.rate) {
        facts.push(`${message.rate >= 100 ? count(Math.round(message.rate))
            : message.rate.toFixed(1)} tok/s`);
    }
    if (message.cut) {
        facts.push("cut at its limit");
    }
    if (message.state === "stopped") {
        facts.push("stopped");
    } else if (message.state === "running" && !runs) {
        facts.push("interrupted");
    }
    return facts.join(" · ");
}

/** A button that only the last exchange shows, for it takes away what followed. */
function ofLast(button) {
    button.classList.add("of-last");
    return button;
}

/** Something its user said. */
export class UserMessage {
    constructor(message, { onedit }) {
        this.element = el("li", { className: "message user" },
            el("span", { className: "hidden-text" }, "You said:"),
            el("div", { className: "bubble" }, message.content),
            el("div", { className: "message-foot" },
                copyButton(() => message.content, "Copy the message"),
                ofLast(iconButton("pencil", "Edit and ask again", onedit))));
    }
    update() {}
}

/** An answer, as it grows. */
export class AnswerMessage {
    #text = el("div", { className: "prose" });
    #thoughtText = el("div", { className: "thought-text" });
    #thought = el("details", { className: "thought", hidden: true },
        el("summary", {}, "Thoughts"), this.#thoughtText);
    #bar = el("progress", { max: 1, ariaLabel: "Loading the model" });
    #waitText = el("span");
    #wait = el("div", { className: "wait", hidden: true },
        el("span", { className: "dots", ariaHidden: "true" }, el("i"), el("i"), el("i")),
        this.#waitText, this.#bar);
    #errorText = el("p");
    #error = el("div", { className: "failure", role: "alert", hidden: true },
        el("strong", {}, "No answer"), this.#errorText);
    #facts = el("span", { className: "facts" });
    #foot;
    #markdown = new Markdown(this.#text);

    constructor(message, { onretry }) {
        this.#foot = el("div", { className: "message-foot" }, this.#facts,
            copyButton(() => message.content, "Copy the answer"),
            ofLast(iconButton("retry", "Ask again", onretry)));
        this.#error.append(ofLast(el("button", { type: "button", className: "button small",
            onclick: onretry }, icon("retry"), "Try again")));
        this.element = el("li", { className: "message answer" },
            el("span", { className: "hidden-text" }, "The answer:"),
            this.#thought, this.#text, this.#wait, this.#error, this.#foot);
    }

    update(message, runs) {
        this.element.classList.toggle("running", runs);
        this.element.ariaBusy = String(runs);
        this.#markdown.show(message.content);
        this.#thought.hidden = !message.reasoning;
        setText(this.#thoughtText, message.reasoning ?? "");
        this.#wait.hidden = !runs || Boolean(message.content);
        setText(this.#waitText, message.reasoning ? "Thinking" : progressText(message.progress));
        this.#bar.hidden = !message.progress?.load;
        this.#bar.value = message.progress?.load?.fraction ?? 0;
        this.#error.hidden = message.state !== "failed";
        setText(this.#error.firstChild, message.content ? "The answer broke off" : "No answer");
        setText(this.#errorText, message.error ?? "");
        this.#foot.hidden = message.state === "failed" && !message.content;
        setText(this.#facts, factsOf(message, runs));
    }
}
