// What only a pod can meet, over a cluster of our own: the walls that are asked for, slow and failing starts, servers that
// are busy, connections that are cut, pods that are gone.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { networkWalls } from '../../../src/sandbox/native/kubernetes/podManifest';
import { machineTag } from '../../../src/sandbox/native/owner';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import {
  type FakeCluster,
  podImage,
  startFakeCluster,
} from '../../support/fakeKubernetes/fakeCluster';
import type { FakeKubernetes } from '../../support/fakeKubernetes/fakeKubernetes';
import type { FakePod } from '../../support/fakeKubernetes/fakePod';
import { Repl, createKubernetesSandboxes } from '../../support/repl';

const never = new AbortController().signal;

describePython(
  'a pod of a session',
  function () {
    this.timeout(60_000);
    let cluster: FakeCluster;
    let fake: FakeKubernetes;
    let sandboxes: SandboxProcess;
    before(async () => {
      cluster = await startFakeCluster({
        RLM_KUBERNETES_RELEASE: 'team',
        RLM_KUBERNETES_RESERVE: '0',
        RLM_POD_NAME: 'team-server-0',
        RLM_POD_UID: '0d5e',
        RLM_KUBERNETES_NODE_SELECTOR: 'pool=sessions',
        RLM_KUBERNETES_PULL_SECRETS: 'registry',
        RLM_KUBERNETES_RUNTIME_CLASS: 'gvisor',
        RLM_KUBERNETES_CPU: '500m',
      });
      ({ fake } = cluster);
      sandboxes = createKubernetesSandboxes(Promise.resolve(cluster));
    });
    after(() => {
      sandboxes.dispose();
      fake.stop();
    });
    beforeEach(() => {
      fake.calls.length = 0;
      fake.faults.length = 0;
    });
    const open = (): Promise<Repl> => Repl.open(sandboxes, { context: 'a text' });
    afterEach(async () => {
      fake.waits = null;
      fake.unschedulable = null;
      fake.isDown = false;
      fake.hasPython = true;
      fake.reachesNetwork = false;
      fake.looksBeforeStart = 0;
      fake.isMute = false;
      fake.creating = Promise.resolve();
      [...fake.pods.values()].forEach((pod) => fake.deletePod(pod));
    });
    /** Those whose session is opened; others wait in reserve. */
    const close = async (repl: Repl, pod: FakePod): Promise<void> => {
      repl.sandbox.dispose();
      await fake.until(() => !fake.pods.has(pod.name));
    };
    /** With the pod that it has to itself. */
    const openPod = async (): Promise<[Repl, FakePod]> => {
      const repl = await open();
      const { result } = await repl.run(
        'import socket\nsocket.gethostname(), open("/tmp/of", "w").write("x")',
      );
      assert.ok(result !== null);
      const [pod, ...others] = [...fake.pods.values()].filter(({ attached }) => attached.size > 0);
      assert.ok(pod && others.length === 0, `${others.length + 1} are attached to`);
      return [repl, pod];
    };
    const hasAttached = (): boolean =>
      [...fake.pods.values()].some(({ attached }) => attached.size > 0);
    const refuse = async (message: RegExp, nextStep: RegExp): Promise<void> => {
      const refused = open().then(
        () => assert.fail('it was opened'),
        (error: { code: string; message: string; nextStep: string }) => error,
      );
      const error = await refused;
      assert.equal(error.code, 'BACKEND_UNAVAILABLE');
      assert.match(error.message, message);
      assert.match(error.nextStep, nextStep);
      assert.ok(!`${error.message}${error.nextStep}`.includes(fake.token));
      await fake.until(() => fake.pods.size === 0);
    };

    it('has the labels, the owner and the settings that it was asked for, and is deleted with its session', async () => {
      const sandbox = await sandboxes.createSandbox(
        { language: 'python', maxMemoryMb: 300, sessionId: 'session-1' },
        never,
      );
      const [pod] = fake.pods.values();
      assert.ok(pod);
      const { metadata, spec } = pod.manifest;
      const { 'rlm.engine': engine, ...labels } = metadata.labels;
      assert.match(engine ?? '', /^[0-9a-f]{16}$/u);
      assert.deepStrictEqual(labels, {
        'app.kubernetes.io/name': 'rlm-companion-session',
        'rlm.home': 'team',
        'rlm.session': 'session-1',
      });
      assert.deepStrictEqual(
        metadata.ownerReferences?.map(({ name, uid }) => [name, uid]),
        [['team-server-0', '0d5e']],
      );
      assert.deepStrictEqual(
        [spec.nodeSelector, spec.imagePullSecrets, spec.runtimeClassName],
        [{ pool: 'sessions' }, [{ name: 'registry' }], 'gvisor'],
      );
      const { limits, requests } = spec.containers[0].resources;
      assert.deepStrictEqual([limits.cpu, limits.memory], ['500m', '1836Mi']);
      assert.deepStrictEqual([requests.cpu, requests.memory], [limits.cpu, limits.memory]);
      const { image, imageDigest, walls } = sandbox.place;
      assert.equal(image, podImage);
      assert.match(imageDigest ?? '', /^sha256:[0-9a-f]{64}$/u);
      assert.ok(!walls.includes('no network') && walls.includes(networkWalls.closed));
      sandbox.dispose();
      await fake.until(() => !fake.pods.has(pod.name));
      const deleted = fake.calls.find(({ method }) => method === 'DELETE');
      assert.equal(deleted?.query.get('gracePeriodSeconds'), '0');
    });

    it('gets no token, and leaves nothing that its code prints where the cluster keeps output', async () => {
      const [repl, pod] = await openPod();
      const code =
        'import glob, os\nseen = [repr(dict(os.environ))]\n' +
        'for path in [*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"), *glob.glob("/var/run/**", recursive=True)]:\n' +
        '    try: seen.append(open(path, "rb").read().decode("latin1"))\n    except OSError: pass\n' +
        'print("a word of the text" * 50)\nos.write(2, b"a word of the text")\nos.system("echo a word of the text")\n"\\n".join(seen)';
      const { result, stdout } = await repl.run(code, { maxOutputChars: 1_000_000 });
      assert.ok(result?.includes('PYTHONHASHSEED') && !result.includes(fake.token));
      assert.ok(stdout.includes('a word of the text'));
      const kept = [...pod.log.matchAll(/D\d+ (\S+) /gu)].map(([, body = '']) =>
        Buffer.from(body, 'base64').toString('latin1'),
      );
      assert.ok(kept.join('').length > 1_000);
      const all = `${pod.log}${kept.join('')}`;
      for (const word of ['a word', 'stdout', 'kind', 'CPython']) {
        assert.ok(!all.includes(word), word);
      }
      await close(repl, pod);
    });

    for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io']) {
      it(`speaks ${protocol}, and takes as much as a session has`, async () => {
        fake.protocols = [protocol];
        const [repl, pod] = await openPod();
        const text = Array.from({ length: 100_000 }, (_, index) => `line ${index}`).join('\n');
        await repl.load('long', text);
        const code = 'import hashlib\nhashlib.sha256(long.encode()).hexdigest()';
        const expected = createHash('sha256').update(text).digest('hex');
        assert.equal(await repl.evaluate(code), `'${expected}'`);
        await close(repl, pod);
        fake.protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
      });
    }

    it('is waited for while it starts, also when the server has forgotten what came since', async () => {
      fake.looksBeforeStart = 3;
      fake.forgets = 1;
      const [repl, pod] = await openPod();
      assert.equal(fake.forgets, 0);
      await close(repl, pod);
    });

    const stuck: readonly [string, Partial<Pick<FakeKubernetes, 'waits'>>, RegExp, RegExp][] = [
      [
        'whose image cannot be fetched',
        { waits: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } },
        /cannot start: ImagePullBackOff: Back-off pulling image "x"/u,
        /RLM_KUBERNETES_PULL_SECRETS/u,
      ],
      [
        'whose container cannot be made',
        {
          waits: {
            reason: 'CreateContainerConfigError',
            message: 'runAsNonRoot and image is root',
          },
        },
        /cannot start: CreateContainerConfigError/u,
        /kubectl describe/u,
      ],
    ];
    for (const [what, faults, message, nextStep] of stuck) {
      it(`${what} says so, and is deleted`, async () => {
        Object.assign(fake, faults);
        await refuse(message, nextStep);
      });
    }

    it('whose image has no Python says so, and is deleted', async () => {
      fake.hasPython = false;
      await refuse(/code 128 \(StartError: exec: "python3"/u, /Python 3\.11/u);
    });

    it('that reaches the network of the cluster is not used, unless the user has allowed it', async () => {
      fake.reachesNetwork = true;
      await refuse(/reaches the network/u, /RLM_KUBERNETES_NETWORK=open/u);
      const allowed = { ...cluster, settings: { ...cluster.settings, allowsNetwork: true } };
      const others = createKubernetesSandboxes(Promise.resolve(allowed));
      const repl = await Repl.open(others);
      assert.ok(repl.sandbox.place.walls.includes(networkWalls.open));
      repl.sandbox.dispose();
      others.dispose();
      await fake.until(() => fake.pods.size === 0);
    });

    const refusals: readonly [number, string, string, RegExp][] = [
      [401, 'Unauthorized', 'Unauthorized', /KUBECONFIG/u],
      [403, 'Forbidden', 'pods is forbidden: User "x" cannot create resource "pods"', /Role/u],
      [
        403,
        'Forbidden',
        'pods "rlm" is forbidden: exceeded quota: team, requested: memory=2Gi',
        /ResourceQuota/u,
      ],
      [403, 'Forbidden', 'violates PodSecurity "restricted"', /admission/u],
      [404, 'NotFound', 'namespaces "team" not found', /namespace/u],
      [409, 'AlreadyExists', 'pods "rlm" already exists', /RLM_KUBERNETES/u],
      [422, 'Invalid', 'Pod is invalid: spec.runtimeClassName', /RuntimeClass/u],
      [500, 'InternalError', 'etcdserver: leader changed', /Call again in a while/u],
      [503, 'ServiceUnavailable', 'no endpoints', /Call again in a while/u],
    ];
    for (const [status, reason, message, nextStep] of refusals) {
      it(`that is refused with ${status} (${message}) says so, and what to do`, async () => {
        const fault = { method: 'POST', path: /pods$/u, status, reason, message };
        fake.faults.push(fault, fault, fault);
        await refuse(new RegExp(`answered ${status}, “${message.slice(0, 20)}`, 'u'), nextStep);
        const asked = fake.calls.filter(({ method }) => method === 'POST').length;
        assert.equal(
          asked,
          status === 401 ? 3 : 1,
          'what may have been done is not asked for again',
        );
      });
    }

    it('is asked for again when the server is busy or counts another pod, and said so when it stays so', async () => {
      const post = { method: 'POST', path: /pods$/u };
      const headers = { 'retry-after': '0' };
      fake.faults.push({ ...post, status: 429, reason: 'TooManyRequests', headers });
      fake.faults.push({ ...post, status: 409, reason: 'Conflict', headers });
      const [repl, pod] = await openPod();
      await close(repl, pod);
      fake.faults.length = 0;
      fake.faults.push({ ...post, status: 429, headers: { 'retry-after': '3600' } });
      await refuse(/answered 429/u, /Wait a minute/u);
    });

    it('whose making is not answered is deleted by its name', async () => {
      fake.faults.push({ method: 'POST', path: /pods$/u, status: 504, isDone: true });
      await refuse(/answered 504/u, /./u);
    });

    /** Opens a session, and aborts that once `when` holds. */
    const openUntil = async (when: (stage: string) => boolean | Promise<boolean>) => {
      const aborting = new AbortController();
      const opened = sandboxes.createSandbox(
        { language: 'python', maxMemoryMb: 256 },
        aborting.signal,
        (stage) => {
          void Promise.resolve(when(stage)).then((holds) => holds && aborting.abort());
        },
      );
      await assert.rejects(opened, { code: 'CANCELLED' });
    };

    it('that comes to be after its start was aborted is deleted', async () => {
      let create = (): void => undefined;
      fake.creating = new Promise((resolve) => (create = resolve));
      const isAsked = (method: string): boolean =>
        fake.calls.some((call) => call.method === method);
      await openUntil(() => fake.until(() => isAsked('POST')).then(() => true));
      await fake.until(() => isAsked('DELETE'));
      create();
      await fake.until(() => fake.pods.size > 0);
      await fake.until(() => fake.pods.size === 0);
    });

    it('whose Python does not answer is deleted as soon as its start is aborted', async () => {
      fake.isMute = true;
      const isOpening = (stage: string): boolean => stage.startsWith('Python starts');
      await openUntil((stage) => isOpening(stage) && fake.until(hasAttached).then(() => true));
      await fake.until(() => fake.pods.size === 0);
      const reads = fake.calls.filter(({ method }) => method === 'CONNECT').length;
      assert.equal(reads, 1, 'nobody connects to it again');
    });

    it('that may not be attached to says which right is missing', async () => {
      const fault = { method: 'CONNECT', path: /attach\?/u, status: 403 };
      fake.faults.push(fault);
      await refuse(/answered 403 to attach/u, /pods\/attach/u);
    });

    it('cannot be had where nothing answers, or another authority vouches for what does', async () => {
      fake.isDown = true;
      await refuse(/could not be reached/u, /KUBECONFIG/u);
      fake.isDown = false;
      const other = await startFakeCluster();
      const mixed = { ...cluster, accountFolder: other.accountFolder };
      const others = createKubernetesSandboxes(Promise.resolve(mixed));
      const asked = (): number => fake.calls.filter(({ method }) => method === 'POST').length;
      const before = asked();
      await assert.rejects(Repl.open(others), {
        code: 'BACKEND_UNAVAILABLE',
        message: /self.signed|verify|certificate/u,
      });
      assert.equal(asked(), before, 'nothing was asked, and no token sent');
      others.dispose();
      other.fake.stop();
    });

    it('goes on with a token that was renewed', async () => {
      const [repl, pod] = await openPod();
      await repl.run('kept = 1');
      cluster.renewToken();
      fake.cutSockets();
      assert.equal(await repl.evaluate('kept'), '1');
      await close(repl, pod);
    });

    it('keeps variables, and the step that runs, when its connection is cut', async () => {
      const [repl, pod] = await openPod();
      await repl.run('kept = [1, 2]');
      fake.cutSockets();
      assert.equal(await repl.evaluate('kept'), '[1, 2]');
      const running = repl.evaluate('import time\ntime.sleep(1)\nkept + [3]');
      fake.cutSockets();
      assert.equal(await running, '[1, 2, 3]');
      await close(repl, pod);
    });

    it('gives the whole output, in order, however often its connection is cut', async () => {
      const [repl, pod] = await openPod();
      const expected = Array.from({ length: 60_000 }, (_, index) => `${index}\n`).join('');
      for (let round = 0; round < 4; round += 1) {
        const running = repl.run('for n in range(60_000): print(n)', { maxOutputChars: 1_000_000 });
        for (let cuts = 0; cuts < round; cuts += 1) {
          const connected = fake.calls.length;
          fake.cutSockets();
          await fake.until(() => fake.calls.length > connected);
        }
        const { stdout, stateLost, error } = await running;
        assert.equal(stateLost, false, `round ${round}: ${error?.message}`);
        assert.ok(stdout === expected, `round ${round}: ${stdout.length} characters`);
      }
      await close(repl, pod);
    });

    const losses: readonly [string, (pod: FakePod) => void, RegExp][] = [
      ['deleted by hand', (pod) => fake.deletePod(pod), /its pod was deleted/u],
      [
        'out of memory',
        (pod) => pod.end({ exitCode: 137, reason: 'OOMKilled', message: '' }),
        /more memory than its pod may have \(OOMKilled\)/u,
      ],
      [
        'evicted',
        (pod) =>
          pod.end({
            exitCode: 137,
            status: { reason: 'Evicted', message: 'The node was low on resource: memory.' },
          }),
        /Evicted: The node was low on resource: memory/u,
      ],
      [
        'at its deadline',
        (pod) =>
          pod.end({ exitCode: 137, status: { reason: 'DeadlineExceeded', message: 'too long' } }),
        /DeadlineExceeded/u,
      ],
      ['on a node that is lost', (pod) => fake.loseNode(pod), /its pod is gone: it was deleted/u],
    ];
    for (const [what, lose, message] of losses) {
      it(`that is ${what} in a step is a loss that is told, and another one takes its place`, async () => {
        const [repl, pod] = await openPod();
        await repl.run('made = 1');
        const running = repl.run('import time\nprint("begun")\ntime.sleep(30)');
        await new Promise((resolve) => setImmediate(resolve));
        lose(pod);
        const outcome = await running;
        assert.equal(outcome.stateLost, true);
        assert.match(outcome.error?.message ?? '', message);
        assert.equal(await repl.evaluate('context'), "'a text'");
        repl.sandbox.dispose();
      });
      it(`that is ${what} between steps is told to its session, whose record makes it anew`, async () => {
        const [repl, pod] = await openPod();
        await repl.run('made = 1');
        const died = new Promise<string>((resolve) => {
          repl.sandbox.onDidDie(resolve);
        });
        lose(pod);
        assert.match(await died, message);
        repl.sandbox.dispose();
      });
    }

    it('leaves one in reserve where that is set, which the next session takes', async () => {
      const settings = { ...cluster.settings, keepsReserve: true };
      const others = createKubernetesSandboxes(Promise.resolve({ ...cluster, settings }));
      const first = await Repl.open(others, { maxMemoryMb: 512 });
      let warm = 0;
      while (warm === 0) {
        warm = (await others.readStatus()).warmWorkers;
      }
      const next = await others.createSandbox({ language: 'python', maxMemoryMb: 512 }, never);
      assert.equal(fake.calls.filter(({ method }) => method === 'POST').length, 2);
      next.dispose();
      first.sandbox.dispose();
      others.dispose();
      await fake.until(() => fake.pods.size === 0);
    });

    it('is in the status with why it cannot be had, for which the cluster is asked once', async () => {
      const others = createKubernetesSandboxes(Promise.resolve(cluster));
      const gets = (): number =>
        fake.calls.filter(({ query }) => query.get('limit') === '1').length;
      fake.faults.push({
        method: 'GET',
        path: /pods\?limit=1$/u,
        status: 503,
        message: 'no endpoints',
      });
      const [failing] = (await others.readStatus()).backends;
      assert.deepStrictEqual([failing?.works, gets()], [false, 1]);
      assert.match(failing?.detail ?? '', /answered 503/u);
      const [working] = (await others.readStatus()).backends;
      assert.deepStrictEqual([working?.works, working?.nextStep], [true, null]);
      assert.ok(working?.walls.includes(networkWalls.untried));
      others.dispose();
    });

    it('of an engine that is gone is deleted by the next one on its machine, and no other’s is', async () => {
      await openPod();
      const gone = spawnSync(process.execPath, ['-e', '']).pid;
      const add = (name: string, home: string, owner: string): FakePod =>
        fake.addPod(
          name,
          { 'app.kubernetes.io/name': 'rlm-companion-session', 'rlm.home': home },
          { 'rlm-companion/owner': owner, 'rlm-companion/machine': machineTag },
        );
      const left = add('left', 'team', `${hostname()}:${gone}`);
      add('alive', 'team', `${hostname()}:${process.pid}`);
      add('elsewhere', 'team', 'there:1');
      add('neighbour', 'other', `${hostname()}:${gone}`);
      const others = createKubernetesSandboxes(Promise.resolve(cluster));
      const repl = await Repl.open(others);
      await fake.until(() => !fake.pods.has(left.name));
      for (const name of ['alive', 'elsewhere', 'neighbour']) {
        assert.ok(fake.pods.has(name), name);
      }
      repl.sandbox.dispose();
      others.dispose();
    });

    it('is deleted when its engine ends, with those in reserve', async () => {
      const others = createKubernetesSandboxes(Promise.resolve(cluster));
      await Repl.open(others);
      assert.ok(fake.pods.size > 0);
      others.dispose();
      sandboxes.dispose();
      await fake.until(() => fake.pods.size === 0);
      sandboxes = createKubernetesSandboxes(Promise.resolve(cluster));
    });
  },
  ['kubernetes'],
);
