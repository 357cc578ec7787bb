/**
 * Loaded into a process and its threads by a test, writes into the file that ASKED_NETWORK_FILE names that it watches,
 * and then everything that the network is asked for. All calls go through as they are.
 */
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { isMainThread } from 'node:worker_threads';

const { ASKED_NETWORK_FILE: askedFile } = process.env;
const write = (line) => {
  if (askedFile !== undefined) appendFileSync(askedFile, `${line}\n`);
};

function noted(object, name) {
  const { [name]: call } = object;
  object[name] = function note(...args) {
    write(`asked ${name} ${JSON.stringify(args[0])}`);
    return call.apply(this, args);
  };
}

noted(net.Socket.prototype, 'connect');
noted(globalThis, 'fetch');
for (const name of ['lookup', 'resolve'])
  for (const object of [dns, dns.promises]) noted(object, name);
syncBuiltinESMExports();
write(isMainThread ? 'watched process' : 'watched thread');
