// Headless Chromium in the driver protocol of drv_sipice.py: a whole WebRTC endpoint that tells and
// takes SDP. playwright-core comes with `make peers`.
import { createRequire } from 'node:module';
import readline from 'node:readline';

const require = createRequire(new URL('../../.peers/npm/', import.meta.url));
const { chromium } = require('playwright-core');

const now = () => Number(process.hrtime.bigint()) / 1e9; // CLOCK_MONOTONIC
const emit = (ev, fields = {}) =>
  process.stdout.write(JSON.stringify({ t: now(), ...fields, ev }) + '\n');

const asked = {
  role: 'offer', stun: '', turn: '', user: 'lab', password: 'labpass', policy: 'all',
  media: 'data', family: '4', mode: '',
};
for (let i = 2; i + 1 < process.argv.length; i += 2) {
  asked[process.argv[i].slice(2)] = process.argv[i + 1];
}

const servers = [];
if (asked.stun) servers.push({ urls: `stun:${asked.stun}` });
if (asked.turn) {
  const [, transport, place] = asked.turn.match(/^(\w+):(.*)$/);
  const url = transport === 'tls' ? `turns:${place}?transport=tcp`
    : `turn:${place}?transport=${transport}`;
  servers.push({ urls: url, username: asked.user, credential: asked.password });
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream', '--disable-background-networking',
    '--disable-component-update',
    '--ignore-certificate-errors', // the laboratory's TURN server has a certificate of its own
    '--disable-features=WebRtcHideLocalIpsWithMdns', // nobody resolves names there
  ],
});
const context = await browser.newContext({ permissions: ['microphone'] });
const page = await context.newPage();
// A secure context without any network.
await page.route('**/*', (r) => r.fulfill({ contentType: 'text/html', body: '<p>peer' }));
await page.goto('https://peer.example/');
await page.exposeFunction('say', (ev, fields) => emit(ev, fields));
await page.evaluate(async ({ servers, policy, media }) => {
  // With leave to use the microphone it gathers on all interfaces.
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const pc = new RTCPeerConnection({
    iceServers: servers, iceTransportPolicy: policy, bundlePolicy: 'max-bundle',
  });

  const transport = () => pc.sctp?.transport ?? pc.getTransceivers()[0].sender.transport;
  let isNominated = false;
  let hasData = false;
  const data = () => {
    if (!hasData) window.say('data', {});
    hasData = true;
  };
  pc.oniceconnectionstatechange = () => {
    const state = pc.iceConnectionState;
    window.say('state', { state });
    if (['connected', 'completed'].includes(state) && !isNominated) {
      isNominated = true;
      const pair = transport().iceTransport.getSelectedCandidatePair();
      const text = (one) => one?.candidate.replace(/^candidate:/, '');
      setTimeout(count, 500);
      window.say('nominated', { local: text(pair?.local), remote: text(pair?.remote) });
    }
    if (state === 'failed') window.say(isNominated ? 'lost' : 'failed', {});
  };
  // A bare agent cannot echo: its packets are no DTLS. That they arrive shows in the statistics.
  const count = async () => {
    const stats = [...(await pc.getStats()).values()];
    const pairs = stats.filter((one) => one.type === 'candidate-pair' && one.packetsReceived > 0);
    if (pairs.length) data();
    else if (!hasData) setTimeout(count, 50);
  };
  pc.ontrack = (event) => { event.track.onunmute = data; };

  const converse = (channel) => {
    channel.onmessage = ({ data: text }) => {
      if (text.startsWith('ping')) channel.send('echo' + text.slice(4));
      else data();
    };
    const ask = (number) => {
      if (hasData || number > 250) return;
      channel.send(`ping${number}`);
      setTimeout(ask, 20, number + 1);
    };
    if (channel.readyState === 'open') ask(0);
    else channel.onopen = () => ask(0);
  };
  pc.ondatachannel = ({ channel }) => converse(channel);

  const describe = async () => {
    if (media === 'audio') pc.addTrack(stream.getTracks()[0], stream);
    await pc.setLocalDescription();
    await new Promise((done) => {
      const look = () => pc.iceGatheringState === 'complete' && done();
      pc.addEventListener('icegatheringstatechange', look);
      look();
    });
    return pc.localDescription.sdp;
  };
  window.offer = () => {
    if (media === 'data') converse(pc.createDataChannel('data'));
    return describe();
  };
  window.answer = async (sdp) => {
    await pc.setRemoteDescription({ type: 'offer', sdp });
    return describe();
  };
  window.trickle = (texts) => Promise.all(texts.map((text) =>
    pc.addIceCandidate({ candidate: `candidate:${text}`, sdpMLineIndex: 0 })));
  window.accept = (sdp) => pc.setRemoteDescription({ type: 'answer', sdp });
}, { servers, policy: asked.policy, media: asked.media });

const local = (type, sdp) => emit('local', { kind: 'sdp', type, sdp });
if (asked.role === 'offer') local('offer', await page.evaluate(() => window.offer()));

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.cmd === 'close') break;
  emit('known');
  try {
    if (command.candidates) await page.evaluate((texts) => window.trickle(texts), command.candidates);
    else if (command.type === 'answer') await page.evaluate((sdp) => window.accept(sdp), command.sdp);
    else local('answer', await page.evaluate((sdp) => window.answer(sdp), command.sdp));
  } catch (error) {
    emit('failed', { error: String(error) });
  }
}
await browser.close();
emit('closed');
process.exit(0);
