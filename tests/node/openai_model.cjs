// OpenAI's client for Node, unchanged, against a real model at $THREADRUNNER_URL.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const OpenAI = require("openai");

const client = new OpenAI({
    baseURL: `${process.env.THREADRUNNER_URL}/v1`,
    apiKey: "none",
    maxRetries: 0,
});
const ask = (content) => ({ temperature: 0, messages: [{ role: "user", content }] });

test("the model is listed, and answers by its name", async () => {
    const models = [];
    for await (const model of client.models.list()) {
        models.push(model);
    }
    assert.equal(models.length, 1);
    const model = models[0].id;
    assert.equal((await client.models.retrieve(model)).id, model);

    const question = ask("What is the capital of France?");
    const whole = await client.chat.completions.create({ model, ...question });
    assert.match(whole.choices[0].message.content, /Paris/);
    assert.equal(whole.model, model);
    assert.ok(whole.usage.prompt_tokens > 0);

    let streamed = "";
    const stream = await client.chat.completions.create({ model, ...question, stream: true });
    for await (const chunk of stream) {
        streamed += chunk.choices[0]?.delta.content ?? "";
    }
    assert.equal(streamed, whole.choices[0].message.content);
});

test("an answer has the shape of its schema", async () => {
    const [{ id: model }] = (await client.models.list()).data;
    const schema = {
        type: "object",
        properties: { city: { type: "string", maxLength: 20 }, large: { type: "boolean" } },
        required: ["city", "large"],
        additionalProperties: false,
    };
    const answer = await client.chat.completions.create({
        model,
        ...ask("Name a city."),
        response_format: { type: "json_schema", json_schema: { name: "city", schema } },
    });
    const city = JSON.parse(answer.choices[0].message.content);
    assert.deepEqual(Object.keys(city).sort(), ["city", "large"]);
    assert.equal(typeof city.city, "string");
    assert.equal(typeof city.large, "boolean");
});

test("responses, whole and as events", async () => {
    const [{ id: model }] = (await client.models.list()).data;
    const asked = { model, input: "What is the capital of France?", temperature: 0 };
    const whole = await client.responses.create(asked);
    assert.match(whole.output_text, /Paris/);
    let text = "";
    for await (const event of await client.responses.create({ ...asked, stream: true })) {
        text += event.type === "response.output_text.delta" ? event.delta : "";
    }
    assert.equal(text, whole.output_text);
});
