// OpenAI's client for Node, unchanged, against the dummy at $THREADRUNNER_URL.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const OpenAI = require("openai");

const client = new OpenAI({
    baseURL: `${process.env.THREADRUNNER_URL}/v1`,
    apiKey: "none",
    maxRetries: 0,
});
const model = "dummy";
const messages = [{ role: "user", content: "Hello, how are you?" }];
const spoken = "lorem ipsum dolor sit amet Hello. how. are. you.";

test("a chat comes whole", async () => {
    const answer = await client.chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].message.content, spoken);
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.equal(answer.model, model);
    assert.equal(answer.usage.completion_tokens, spoken.split(" ").length);
});

test("a chat streams, a chunk a word", async () => {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    const words = [];
    for await (const chunk of stream) {
        const word = chunk.choices[0]?.delta.content;
        if (word) {
            words.push(word);
        }
    }
    assert.equal(words.join(""), spoken);
    assert.equal(words.length, spoken.split(" ").length);
});

test("the helper for streams puts an answer together", async () => {
    const runner = client.chat.completions.stream({ model, messages });
    assert.equal(await runner.finalContent(), spoken);
});

test("a tool is called", async () => {
    const look_up = { name: "look_up", parameters: { type: "object" } };
    const answer = await client.chat.completions.create({
        model,
        messages,
        tools: [{ type: "function", function: look_up }],
        tool_choice: "required",
    });
    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(call.function.name, "look_up");
    assert.deepEqual(JSON.parse(call.function.arguments), { prompt: messages[0].content });
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
});

test("embeddings, also in the client's own encoding", async () => {
    const vectors = await client.embeddings.create({ model, input: ["a cat", "a dog"] });
    assert.deepEqual(
        vectors.data.map((one) => one.embedding.length),
        [8, 8],
    );
    assert.ok(vectors.data[0].embedding.every(Number.isFinite));
});

test("errors are those of the client's classes", async () => {
    await assert.rejects(
        client.chat.completions.create({ model: "gpt-nonsense", messages }),
        (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found",
    );
    await assert.rejects(
        client.chat.completions.create({ model, messages: [] }),
        OpenAI.BadRequestError,
    );
    await assert.rejects(async () => {
        const stream = await client.chat.completions.create({
            model: "dummy:fail_at=3",
            messages,
            stream: true,
        });
        for await (const chunk of stream) {
            assert.ok(chunk.id);
        }
    }, /told to fail/);
});

test("an aborted answer leaves no job", async () => {
    const slow = { model: "dummy:tokens_per_second=2", messages, stream: true };
    const stream = await client.chat.completions.create(slow);
    for await (const chunk of stream) {
        assert.ok(chunk.id);
        stream.controller.abort();
        break;
    }
    for (;;) {
        const answer = await fetch(`${process.env.THREADRUNNER_URL}/jobs`);
        if ((await answer.json()).jobs.length === 0) {
            break;
        }
        await new Promise((wake) => setTimeout(wake, 20));
    }
});
