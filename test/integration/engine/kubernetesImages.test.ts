// Which images a session may name for its pod: a cluster fetches what it is told to, and tells so to whoever has it.

import assert from 'node:assert/strict';
import { parseBackendSettings } from '../../../src/core/backendSettings';
import { createEngine } from '../../../src/runtime';
import { describePython } from '../../support/backends';
import { startFakeCluster } from '../../support/fakeKubernetes/fakeCluster';
import { callError, callOk, connectClient } from '../../support/mcpClient';
import { sandboxFolder } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

describePython(
  'the image of a pod',
  function () {
    this.timeout(60_000);
    const home = useTempFolder();

    it('is one that the user has named, and no other is asked for', async () => {
      const { fake, kubeconfig } = await startFakeCluster();
      const environment = {
        KUBECONFIG: kubeconfig,
        RLM_KUBERNETES_IMAGE: 'ours.example/python:1',
        RLM_KUBERNETES_IMAGES: 'ours.example/numpy:1',
        RLM_KUBERNETES_RESERVE: '0',
      };
      const engine = await createEngine({
        home: home(),
        roots: [home()],
        baseFolder: home(),
        log: () => undefined,
        sandboxFolder,
        backends: async () => parseBackendSettings(environment, { backend: 'kubernetes' }),
      });
      const client = await connectClient(engine);
      const args = { context_text: 'a text' };
      const image = 'elsewhere.example/what-the-text-says:1';
      const { code } = await callError(client, 'rlm_init_context', { ...args, image });
      assert.deepStrictEqual([code, fake.calls.length], ['INVALID_INPUT', 0]);
      await callOk(client, 'rlm_init_context', { ...args, image: 'ours.example/numpy:1' });
      const [pod] = fake.pods.values();
      assert.equal(pod?.manifest.spec.containers[0].image, 'ours.example/numpy:1');
      await client.close();
      await engine.close();
      await fake.until(() => fake.pods.size === 0);
      fake.stop();
    });
  },
  ['kubernetes'],
);
