// A program that uses Appwrite's own SDK, told what to do by a test.
//
//     node client.mjs PACKAGE ENDPOINT PROJECT [SESSION]
//
// Orders come on stdin, one JSON object a line:
//   {"do": "subscribe", "name": "a", "channels": ["files"]}   through the SDK's own call
//   {"do": "unsubscribe", "name": "a"}
//   {"do": "disconnect"}
// What happens goes to stdout in the same form: `opened`, `closed`, `sent`, `received` are
// what the SDK's WebSockets do, `event` what it hands to the program.

import { createInterface } from "node:readline";
import WebSocket from "ws";

const [, , name, endpoint, project, session] = process.argv;

function tell(saw, fields = {}) {
  process.stdout.write(JSON.stringify({ saw, ...fields }) + "\n");
}

class WatchedWebSocket extends WebSocket {
  constructor(...words) {
    super(...words);
    this.on("open", () => tell("opened", { url: words[0] }));
    this.on("close", (code) => tell("closed", { code }));
    this.on("error", (error) => tell("failed", { reason: error.message }));
    this.on("message", (data) => tell("received", { message: JSON.parse(data) }));
  }

  send(data, ...words) {
    tell("sent", { message: JSON.parse(data) });
    super.send(data, ...words);
  }
}

// What a browser has and Node.js has not.
globalThis.WebSocket = WatchedWebSocket;
globalThis.window = globalThis;
const stored = session ? JSON.stringify({ [`a_session_${project}`]: session }) : null;
globalThis.localStorage = {
  getItem: (key) => (key === "cookieFallback" ? stored : null),
  setItem: () => {},
};

// The SDK pings every 20 seconds; a test does not wait that long.
const HEARTBEAT = 20_000;
const setOwnInterval = globalThis.setInterval;
globalThis.setInterval = (call, milliseconds, ...words) =>
  setOwnInterval(call, milliseconds === HEARTBEAT ? 200 : milliseconds, ...words);

// It says there what the test sees anyway, and stdout is ours.
console.log = console.info = console.warn = console.error = () => {};

const { Appwrite, Client, Realtime } = await import(name);
const client = new (Client ?? Appwrite)().setEndpoint(endpoint).setProject(project);
if (client.setEndpointRealtime) client.setEndpointRealtime(endpoint.replace(/^http/, "ws"));
const service = Realtime ? new Realtime(client) : null;
service?.onError((error, code) => tell("error", { code, reason: error?.message }));

const subscriptions = new Map();

async function subscribe(order) {
  const hear = (event) => tell("event", { name: order.name, event });
  if (service) {
    subscriptions.set(order.name, await service.subscribe(order.channels, hear));
  } else {
    const unsubscribe = client.subscribe(order.channels, hear);
    subscriptions.set(order.name, { unsubscribe });
  }
  tell("subscribed", { name: order.name });
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  try {
    if (order.do === "subscribe") await subscribe(order);
    if (order.do === "unsubscribe") await subscriptions.get(order.name).unsubscribe();
    if (order.do === "disconnect") await service.disconnect();
  } catch (error) {
    tell("threw", { reason: String(error) });
  }
}
process.exit(0);
