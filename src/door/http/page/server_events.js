// Server-sent events of a response that is being read: https://html.spec.whatwg.org, 9.2. Unlike
// EventSource this can show a key, and sees the comments, in which progress is told.

function parse(block) {
    const out = { event: "message", data: "", comment: "" };
    const data = [];
    for (const line of block.split("\n")) {
        if (line.startsWith(":")) {
            out.comment = line.slice(1).trim();
        } else if (line.startsWith("data:")) {
            data.push(line.slice("data:".length).replace(/^ /, ""));
        } else if (line.startsWith("event:")) {
            out.event = line.slice("event:".length).trim();
        }
    }
    out.data = data.join("\n");
    return out;
}

/** Yields { event, data, comment } one after the other; leaving the loop ends the response. */
export async function* serverEvents(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    try {
        for (;;) {
            const { value, done } = await reader.read();
            if (done) {
                return;
            }
            text += value.replaceAll("\r\n", "\n");
            let end = text.indexOf("\n\n");
            while (end >= 0) {
                yield parse(text.slice(0, end));
                text = text.slice(end + 2);
                end = text.indexOf("\n\n");
            }
        }
    } finally {
        reader.cancel().catch(() => {});
    }
}
