"""Training from Python: records, stops, threads, signals, copies, processes."""
import copy
import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import unittest
import unittest.mock

import numpy as np
import recvae
from support import SMALL, Case, hide, tastes

try:
    from sklearn.base import clone
except ImportError:
    clone = None

LONG = {"hidden_dimension": 64, "latent_dimension": 16, "epochs": 1_000_000}


def factors(seed):
    return recvae.RecVAE(**SMALL, seed=seed).fit(tastes(), progress=False).item_factors.tobytes()


def listed(model):
    return model.recommend(np.arange(400), tastes(), N=5)[0].tolist()


class Training(Case):
    def setUp(self):
        super().setUp()
        self.train = tastes()
        self.shown, self.hidden = hide(tastes(seed=11))

    def test_callback_stops(self):
        records = []

        def stop(record):
            records.append(record)
            return record["epoch"] == 2

        model = recvae.RecVAE(**SMALL).fit(self.train, (self.shown, self.hidden), callback=stop, progress=False)
        self.assertEqual([r["epoch"] for r in records], [1, 2])
        whole = recvae.RecVAE(**{**SMALL, "epochs": 2}).fit(self.train, (self.shown, self.hidden), progress=False)
        self.assertTrue(np.array_equal(model.item_factors, whole.item_factors))
        self.assertEqual(model.best_epoch_, max(records, key=lambda r: r["valid"]["ndcg@100"])["epoch"])
        self.assertEqual(model.best_score_, max(r["valid"]["ndcg@100"] for r in records))

    def test_callback_raises(self):
        def fail(record):
            raise KeyError(record["epoch"])

        with self.assertRaises(KeyError):
            recvae.RecVAE(**SMALL).fit(self.train, callback=fail, progress=False)

    def test_best_epoch_is_kept(self):
        model = recvae.RecVAE(**{**SMALL, "epochs": 8}, learning_rate=0.2).fit(self.train, (self.shown, self.hidden), progress=False)
        self.assertLess(model.best_epoch_, 8)
        found = recvae.evaluate(model, self.shown, self.hidden, ["ndcg@100"])
        self.assertEqual(found["ndcg@100"], model.best_score_)

    def test_best_epoch_of_a_large_model_is_kept(self):
        train = tastes(300, 40_000, 3, 40)
        shown, hidden = hide(train)
        settings = {**SMALL, "hidden_dimension": 128, "epochs": 4, "learning_rate": 0.05, "valid_metric": "ndcg@10"}
        for folder in (None, "/no/such/folder"):
            with unittest.mock.patch.dict(os.environ, {"TMPDIR": folder} if folder else {}):
                model = recvae.RecVAE(**settings).fit(train, (shown, hidden), progress=False)
            self.assertEqual(recvae.evaluate(model, shown, hidden, ["ndcg@10"])["ndcg@10"], model.best_score_)

    def test_training_that_diverges(self):
        self.assert_raises(recvae.Error, "finite", recvae.RecVAE(**{**SMALL, "epochs": 50}, learning_rate=1e30).fit, self.train, progress=False)

    def test_other_threads_run_meanwhile(self):
        counted, done = [0], threading.Event()

        def count():
            while not done.is_set():
                counted[0] += 1

        thread = threading.Thread(target=count)
        thread.start()
        start = time.perf_counter()
        recvae.EASE(regularization=20.0).fit(tastes(300, 1500, 3, 40))  # one call, half a second
        seconds = time.perf_counter() - start
        at_end = counted[0]
        done.set()
        thread.join()
        self.assertGreater(at_end, 20_000 * seconds)  # as many as while nobody else holds the interpreter, and more

    def test_two_models_in_two_threads(self):
        alone = [factors(seed) for seed in (1, 2)]
        found = {}
        threads = [threading.Thread(target=lambda seed=seed: found.update({seed: factors(seed)})) for seed in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([found[1], found[2]], alone)

    def test_one_model_serves_many_threads(self):
        model = recvae.RecVAE(**SMALL).fit(self.train, progress=False)
        alone = [model.recommend(u, self.train[u])[0].tolist() for u in range(40)]
        found = {}

        def serve(first):
            for u in range(first, 40, 4):
                found[u] = model.recommend(u, self.train[u])[0].tolist()

        threads = [threading.Thread(target=serve, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([found[u] for u in range(40)], alone)

    def test_one_model_is_listed_and_evaluated_at_once(self):
        path, train = self.folder / "model.safetensors", tastes(300, 9000, 3, 40)  # more items than are packed together
        shown, hidden = hide(train)
        recvae.RecVAE(**SMALL).fit(train, progress=False).save(path)
        alone = recvae.evaluate(recvae.load(path), shown, hidden)
        for _ in range(5):
            model, found = recvae.load(path), []

            def list_all(model=model):
                model.recommend(np.arange(300), train, N=5)

            def evaluate(model=model, found=found):
                found.append(recvae.evaluate(model, shown, hidden))

            threads = [threading.Thread(target=target) for target in (list_all, evaluate, evaluate)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(found, [alone, alone])

    def interrupt(self, program):
        """Runs a program that prints a line when it is time for Ctrl-C; how long it goes on, and what it says."""
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
                                   cwd=os.path.dirname(os.path.abspath(__file__)), env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        start = time.perf_counter()
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        return time.perf_counter() - start, said.split()

    def test_ctrl_c_leaves_the_last_full_epoch(self):
        _, said = self.interrupt(f"""if True:
            import recvae
            from support import tastes
            model, seen = recvae.RecVAE(**{LONG}), []
            def record(r):
                seen.append(r["epoch"])
                if len(seen) == 3: print("now", flush=True)
            try:
                model.fit(tastes(), callback=record, progress=False)
            except KeyboardInterrupt:
                pass
            alone = recvae.RecVAE(**{{**{LONG}, "epochs": seen[-1]}}).fit(tastes(), progress=False)
            print(len(model.history_) == seen[-1], (model.item_factors == alone.item_factors).all())
            """)
        self.assertEqual(said, ["True", "True"])

    def test_ctrl_c_while_a_matrix_is_inverted(self):
        _, said = self.interrupt("""if True:
            import recvae, time
            from support import tastes
            x = tastes(300, 6000, 3, 40)
            model = recvae.EASE(regularization=20.0)
            try:
                print("now", flush=True)
                model.fit(x)
            except KeyboardInterrupt:
                print("interrupted")
            try:
                model.recommend(0, x[0])
            except recvae.NotFittedError:
                print("unfitted")
            """)
        self.assertEqual(said, ["interrupted", "unfitted"])


    def test_ctrl_c_in_one_long_call(self):
        for call in ("recvae.read(path, min_items_per_user=0, split='ratio')",
                     "recvae.evaluate(recvae.Popularity().fit(x), x, x, bootstrap=5_000_000)"):
            _, said = self.interrupt(f"""if True:
                import os, recvae, signal, tempfile, threading, time
                from support import tastes
                x = tastes()
                with tempfile.TemporaryDirectory() as folder:
                    path = folder + "/ratings.csv"
                    with open(path, "w") as file:
                        file.write("user,item\\n")
                        file.writelines(f"{{k % 30_011}},{{k % 1_009}}\\n" for k in range(1_500_000))
                    try:
                        print("now", flush=True)
                        time.sleep(5)
                    except KeyboardInterrupt:
                        pass
                    caught = 0
                    for delay in (0.01, 0.03, 0.05, 0.08):
                        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
                        try:
                            {call}
                        except KeyboardInterrupt:
                            caught += 1
                    print(caught)
                """)
            self.assertEqual(said, ["4"])


class Copies(Case):
    def setUp(self):
        super().setUp()
        self.train = tastes()
        self.model = recvae.RecVAE(**SMALL, mixture_weights=[0.2, 0.7, 0.1]).fit(self.train, progress=False)

    def all_models(self):
        models = [self.model, recvae.EASE(20.0).fit(self.train), recvae.EDLAE().fit(self.train), recvae.ItemKNN(7).fit(self.train),
                  recvae.Popularity().fit(self.train)]
        return [*models, recvae.Blend(models[:2], [1, 0.5])]

    def test_pickle_and_copy(self):
        for model in self.all_models():
            for make in (lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy, copy.copy):
                other = make(model)
                with self.subTest(model=model):
                    self.assertEqual(listed(other), listed(model))
                    self.assertEqual(repr(other), repr(model))
        again = pickle.loads(pickle.dumps(self.model))
        self.assertEqual(again.history_, self.model.history_)
        self.assertTrue(np.array_equal(again.item_factors, self.model.item_factors))
        self.assertFalse(hasattr(pickle.loads(pickle.dumps(recvae.RecVAE(beta=1))), "history_"))

    def test_a_copy_stays_what_it_was(self):
        before, other = listed(self.model), copy.deepcopy(self.model)
        view = self.model.item_factors
        held = view.copy()
        self.model.partial_fit(self.train, epochs=2)
        self.assertEqual(listed(other), before)
        self.assertTrue(np.array_equal(view, held))
        self.assertFalse(np.array_equal(self.model.item_factors, held))

    def test_save_and_load(self):
        for model in self.all_models()[:-1]:
            path = self.folder / "model.safetensors"
            model.save(path)
            other = recvae.load(path)
            with self.subTest(model=model):
                self.assertEqual(listed(other), listed(model))
                self.assertEqual(repr(other).replace("(0.2, 0.7, 0.1)", "[0.2, 0.7, 0.1]"), repr(model))
                other.save(self.folder / "again.safetensors")
                self.assertTrue(path.read_bytes() == (self.folder / "again.safetensors").read_bytes())
        with self.assertRaises(NotImplementedError):
            self.all_models()[-1].save(path)

    def test_a_file_without_metadata(self):
        path = self.folder / "model.safetensors"
        self.model.save(path)
        content = path.read_bytes()
        end = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:end])
        del header["__metadata__"]
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])
        bare = recvae.load(path)
        self.assertEqual((bare.hidden_dimension, bare.latent_dimension, bare.n_items_), (24, 8, 90))
        self.assertEqual(listed(bare), listed(self.model))
        bare.save(path)
        self.assertEqual(listed(recvae.load(path).partial_fit(self.train)), listed(bare.partial_fit(self.train)))

    def test_subclass(self):
        class Mine(recvae.RecVAE):
            def __init__(self, alpha=1, **settings):
                super().__init__(**settings)
                self.alpha = alpha

        self.assertEqual(repr(Mine(alpha=2, beta=1)), "Mine(alpha=2, beta=1)")
        self.assertEqual(Mine(**Mine(alpha=3).get_params()).alpha, 3)

    def test_factors_are_no_copy(self):
        a, b = self.model.item_factors, self.model.item_factors
        self.assertEqual(a.ctypes.data, b.ctypes.data)
        self.assertEqual((a.shape, self.model.item_bias.shape, a.flags.writeable), ((90, 8), (90,), False))
        held = a.copy()
        del self.model
        self.assertTrue(np.array_equal(a, held))  # it keeps what it views

    def test_parameters(self):
        model = recvae.RecVAE(latent_dimension=9)
        self.assertEqual(repr(model), "RecVAE(latent_dimension=9)")
        self.assertEqual(model.set_params(beta=1, gamma=0).get_params()["beta"], 1)
        self.assertEqual(recvae.RecVAE(**model.get_params()).get_params(), model.get_params())
        self.assertEqual(recvae.RecVAE.from_preset("wsdm", seed=4).get_params()["layer_norm_eps"], 1e-5)
        self.assertEqual(repr(recvae.EASE(3)), "EASE(regularization=3)")

    @unittest.skipUnless(clone, "no scikit-learn")
    def test_clone(self):
        for model in self.all_models()[:-1]:
            other = clone(model)
            self.assertEqual(other.get_params(), model.get_params())
            self.assert_raises(recvae.NotFittedError, "expected fit", other.recommend, 0, self.train[0])

    def test_other_processes(self):
        expected = listed(self.model)
        for method in ("fork", "spawn"):
            with self.subTest(method), multiprocessing.get_context(method).Pool(2) as pool:
                found = pool.map_async(listed, [self.model] * 3).get(timeout=100)
                self.assertEqual(found, [expected] * 3)
                trained = pool.map_async(factors, [1, 2]).get(timeout=100)
                self.assertEqual(trained, [factors(1), factors(2)])

    def test_settings_are_the_librarys(self):
        generator = os.path.join(os.path.dirname(recvae.__file__), "../generate_settings.py")
        if not os.path.exists(generator):
            self.skipTest("an installed package")
        made = subprocess.run([sys.executable, generator], capture_output=True, text=True, check=True).stdout
        with open(os.path.join(os.path.dirname(recvae.__file__), "_settings.py"), encoding="utf-8") as file:
            self.assertEqual(file.read(), made)


if __name__ == "__main__":
    unittest.main()
