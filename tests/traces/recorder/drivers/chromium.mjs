// Headless Chromium: plays offer/answer scenes between two connections of one page and prints each
// description as one line of JSON. argv: the folder above node_modules with playwright-core.
import { createRequire } from 'node:module';

const require = createRequire(process.argv[2] + '/');
const { chromium } = require('playwright-core');

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  headless: true,
  args: [
    '--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream', '--disable-background-networking',
    '--disable-component-update',
  ],
});
const say = (name, role, sdp) =>
  process.stdout.write(JSON.stringify({ name, role, sdp }) + '\n');
process.stdout.write(JSON.stringify({ version: browser.version() }) + '\n');

async function page(permissions) {
  const context = await browser.newContext({ permissions });
  const page = await context.newPage();
  // A secure context without any network.
  await page.route('**/*', (r) => r.fulfill({ contentType: 'text/html', body: '<p>peer' }));
  await page.goto('https://peer.example/');
  await page.exposeFunction('say', say);
  await page.evaluate(() => {
    window.pair = (config) => [new RTCPeerConnection(config), new RTCPeerConnection(config)];
    window.gathered = (pc) => new Promise((done) => {
      if (pc.iceGatheringState === 'complete') done();
      else pc.addEventListener('icegatheringstatechange', () => {
        if (pc.iceGatheringState === 'complete') done();
      });
    });
    // One exchange; with trickling the descriptions are taken before anything is gathered.
    window.exchange = async (name, one, two, options = {}) => {
      await one.setLocalDescription(await one.createOffer(options.offer));
      if (!options.trickle) await window.gathered(one);
      await window.say(name, 'offer', one.localDescription.sdp);
      await two.setRemoteDescription(one.localDescription);
      if (options.answerer) options.answerer(two);
      await two.setLocalDescription(await two.createAnswer());
      if (!options.trickle) await window.gathered(two);
      await window.say(name, 'answer', two.localDescription.sdp);
      await one.setRemoteDescription(two.localDescription);
    };
  });
  return page;
}

// Without permission for the microphone addresses are hidden behind mDNS names.
const hidden = await page([]);
await hidden.evaluate(async () => {
  const { pair, exchange } = window;
  let [a, b] = pair();
  a.addTransceiver('audio');
  await exchange('audio-mdns', a, b);
  [a, b] = pair();
  a.addTransceiver('audio'); a.addTransceiver('video'); a.createDataChannel('chat');
  await exchange('trickle', a, b, { trickle: true });
});

const open = await page(['microphone', 'camera']);
await open.evaluate(async () => {
  const { pair, exchange } = window;
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const [audio] = media.getAudioTracks(), [video] = media.getVideoTracks();

  let [a, b] = pair();
  a.addTrack(audio, media); a.addTrack(video, media); a.createDataChannel('chat');
  const both = (pc) => { pc.addTrack(audio, media); pc.addTrack(video, media); };
  await exchange('audio-video-data', a, b, { answerer: both });
  a.restartIce();
  await exchange('restart', a, b);
  a.getTransceivers()[1].stop();
  await exchange('video-stopped', a, b);

  [a, b] = pair();
  a.createDataChannel('chat');
  await exchange('data', a, b);

  [a, b] = pair({ bundlePolicy: 'max-compat' });
  a.addTrack(audio, media);
  a.addTransceiver(video, { direction: 'sendonly' });
  a.addTransceiver('video', { direction: 'recvonly' });
  a.addTransceiver('audio', { direction: 'inactive' });
  await exchange('several-transceivers', a, b);

  [a, b] = pair({ bundlePolicy: 'max-bundle' });
  a.addTrack(audio, media); a.addTransceiver('video'); a.addTransceiver('video');
  await exchange('max-bundle', a, b);

  [a, b] = pair();
  a.addTransceiver(video, {
    sendEncodings: [{ rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 },
      { rid: 'f' }],
  });
  await exchange('simulcast', a, b);

  [a, b] = pair({ iceTransportPolicy: 'relay' });
  a.addTrack(audio, media);
  await exchange('relay-only-without-a-relay', a, b);
});
await browser.close();
