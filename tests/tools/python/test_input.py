"""What people hand over: other kinds of matrices simply work, wrong ones raise what fits, with argument and finding."""
import os
import random
import unittest

import numpy as np
import recvae
import scipy.sparse
from support import SMALL, Case, hide, tastes

try:
    import pandas
except ImportError:
    pandas = None

TINY = {**SMALL, "epochs": 1}


def weights(train, **keywords):
    return recvae.RecVAE(**TINY).fit(train, progress=False, **keywords).item_factors


class Matrices(Case):
    def setUp(self):
        super().setUp()
        self.train = tastes()
        self.weights = weights(self.train)

    def assert_same(self, matrix):
        self.assertTrue(np.array_equal(weights(matrix), self.weights))

    def test_kinds_of_matrices(self):
        x = self.train
        for matrix in (x.tocoo(), x.tocsc(), x.tolil(), x.todok(), scipy.sparse.csr_array(x), x.toarray(), x.toarray().tolist(),
                       np.asfortranarray(x.toarray())):
            with self.subTest(type(matrix).__name__):
                self.assert_same(matrix)

    def test_numbers(self):
        for dtype in ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g", ">f4", ">i8"):
            x = self.train.copy()
            x.data = x.data.astype(dtype)
            with self.subTest(dtype):
                self.assert_same(x)
        x = self.train.copy()
        x.data = x.data * 4.5 - 0.25  # sizes say nothing
        self.assert_same(x)

    def test_indices(self):
        x = self.train.copy()
        x.indices, x.indptr = x.indices.astype(np.int64), x.indptr.astype(np.int64)
        self.assert_same(x)
        for row in range(x.shape[0]):
            place = slice(x.indptr[row], x.indptr[row + 1])
            x.indices[place] = x.indices[place][::-1]
        x.has_sorted_indices = False
        self.assert_same(x)
        order = np.repeat(np.arange(x.nnz), 2)
        self.assert_same(scipy.sparse.csr_matrix((x.data[order], x.indices[order], 2 * x.indptr), shape=x.shape))
        strided = self.train.copy()
        strided.data = np.repeat(strided.data, 2)[::2]
        self.assert_same(strided)

    def test_explicit_zeros_are_nothing(self):
        x = self.train.tolil()
        zero = np.argwhere(x.toarray() == 0)[:500]
        x = x.tocoo()
        with_zeros = scipy.sparse.csr_matrix(
            (np.r_[x.data, np.zeros(500)], (np.r_[x.row, zero[:, 0]], np.r_[x.col, zero[:, 1]])), shape=x.shape)
        self.assertEqual(with_zeros.nnz, x.nnz + 500)
        self.assert_same(with_zeros)

    @unittest.skipUnless(pandas, "no pandas")
    def test_frames(self):
        self.assert_same(pandas.DataFrame(self.train.toarray()))
        self.assert_same(pandas.DataFrame.sparse.from_spmatrix(self.train))
        self.assert_same(pandas.DataFrame(self.train.toarray()).astype("Int64"))
        self.assert_raises(TypeError, "train: .*found a table of interactions; recvae.read takes it", weights,
                           pandas.DataFrame({"user_id": [1, 2], "item_id": [3, 4]}))
        self.assert_raises(TypeError, "train: .*recvae.read", weights,
                           pandas.DataFrame({"who": ["a", "b"], "what": ["c", "d"]}))
        table = self.train.tocoo()
        frame = pandas.DataFrame({"user_id": table.row, "item_id": table.col})
        data = recvae.read(frame, split="ratio", min_items_per_user=0)
        self.assertEqual(data.train.nnz + data.validation.hidden.nnz + data.test.hidden.nnz, table.nnz)

    def test_nothing_is_copied_and_nothing_changed(self):
        x = self.train.copy()
        before = (x.data.copy(), x.indices.copy(), x.indptr.copy())
        for array in (x.data, x.indices, x.indptr):
            array.flags.writeable = False
        self.assert_same(x)
        for array, was in zip((x.data, x.indices, x.indptr), before):
            self.assertTrue(np.array_equal(array, was))

    def test_wrong_matrices(self):
        x = self.train

        def changed(**parts):
            y = x.copy()
            for name, value in parts.items():
                setattr(y, name, value)
            return y

        def with_number(array, number):
            array = array.copy()
            array[5] = number
            return array

        for kind, text, matrix in [
                (TypeError, "train: expected a sparse matrix, users x items, found str", "x"),
                (TypeError, "train: expected a sparse matrix.*found NoneType", None),
                (TypeError, "train: expected numbers.*found <U", [["a"]]),
                (TypeError, "train: expected numbers.*complex", x.toarray().astype(complex)),
                (TypeError, "train.data: expected numbers, found complex", x.astype(complex)),
                (TypeError, "train.indices: expected whole numbers, found float", changed(indices=x.indices.astype(float))),
                (ValueError, "train: expected a matrix.*found 1 dim", np.ones(5)),
                (ValueError, "train: expected a matrix.*found 3 dim", np.ones((2, 2, 2))),
                (ValueError, "train: expected finite numbers from 0 on, found -", changed(data=with_number(x.data, -1))),
                (ValueError, "train: expected finite numbers from 0 on, found -?nan", changed(data=with_number(x.data, np.nan))),
                (ValueError, "train: expected finite numbers from 0 on, found inf", changed(data=with_number(x.data, np.inf))),
                (ValueError, "train: row 0: expected columns from 0 to 89, found 90", changed(indices=with_number(x.indices, 90))),
                (ValueError, "train: row 0: expected columns from 0 to 89, found -1", changed(indices=with_number(x.indices, -1))),
                (ValueError, "train: row 4: expected an end", changed(indptr=with_number(x.indptr, 0))),
                (ValueError, "train: expected 401 offsets, found 11", changed(indptr=x.indptr[:11])),
                (ValueError, "train: expected a number for each of 7 columns", changed(indices=x.indices[:7])),
                (ValueError, "train: expected users and items, found 0 rows", scipy.sparse.csr_matrix((0, 90))),
                (ValueError, "train: expected users and items, found 5 rows and 0 columns", scipy.sparse.csr_matrix((5, 0))),
                (ValueError, "train: expected some entries, found none", scipy.sparse.csr_matrix((5, 9)))]:
            for model in (recvae.RecVAE(**TINY), recvae.EASE()):
                if "users and items" in text and isinstance(model, recvae.EASE):
                    continue
                with self.subTest(text, model=model):
                    self.assert_raises(kind, text, model.fit, matrix)

    def test_wrong_validation(self):
        shown, hidden = hide(self.train)
        for kind, text, validation in [
                (TypeError, r"validation: expected \(shown, hidden\), found csr", shown),
                (TypeError, r"validation: expected \(shown, hidden\), found tuple", (shown, hidden, hidden)),
                (ValueError, "hidden: expected 400 rows", (shown, hidden[:9])),
                (ValueError, "hidden: expected 90 columns", (shown, hidden[:, :9])),
                (ValueError, "hidden: expected some entries", (shown, hidden * 0))]:
            with self.subTest(text):
                self.assert_raises(kind, text, recvae.RecVAE(**TINY).fit, self.train, validation)

    def test_wrong_settings(self):
        for kind, text, settings in [
                (ValueError, r"dropout_prob: expected a number in \[0, 1\)", {"dropout_prob": 1}),
                (ValueError, "beta: expected a number, found 'x'", {"beta": "x"}),
                (ValueError, "epochs: expected an integer, found 1.5", {"epochs": 1.5}),
                (ValueError, "prior: expected one of", {"prior": "none"}),
                (ValueError, "mixture_weights: expected three", {"mixture_weights": [1]}),
                (ValueError, "ndcg", {"metrics": ["ndgc@10"]}),
                (TypeError, "beta: .*found object", {"beta": object()}),
                (ValueError, "beta: expected a finite number, found nan", {"beta": float("nan")})]:
            with self.subTest(text):
                self.assert_raises(kind, text, recvae.RecVAE(**settings).fit, self.train)
        self.assert_raises(TypeError, "latent_dim", recvae.RecVAE, latent_dim=3)
        self.assert_raises(ValueError, "latent_dim: expected a parameter of RecVAE", recvae.RecVAE().set_params, latent_dim=3)
        self.assert_raises(ValueError, "lambda: expected a positive number", recvae.EASE(0).fit, self.train)
        self.assert_raises(ValueError, "neighbors", recvae.ItemKNN(neighbors=0).fit, self.train)
        self.assert_raises(ValueError, "preset: expected one of", recvae.RecVAE.from_preset, "x")
        self.assert_raises(ValueError, "item_ids: expected 90, found 1", recvae.RecVAE(**TINY).fit, self.train, item_ids=["a"])
        self.assert_raises(ValueError, "checkpoint, resume", recvae.RecVAE(**TINY).fit, self.train, checkpoint="a", resume="b")
        self.assert_raises(TypeError, "checkpoint: expected a path", recvae.RecVAE(**TINY).fit, self.train, checkpoint=3)
        self.assert_raises(ValueError, "count: expected", recvae.set_threads, -1)


class Lists(Case):
    def setUp(self):
        super().setUp()
        self.train = tastes()
        self.model = recvae.RecVAE(**TINY).fit(self.train, progress=False)

    def test_shapes(self):
        ids, scores = self.model.recommend(3, self.train[3], N=4)
        self.assertEqual((ids.shape, scores.shape, ids.dtype, scores.dtype), ((4,), (4,), np.int32, np.float32))
        many, many_scores = self.model.recommend(np.arange(400), self.train, N=4)
        self.assertEqual(many.shape, (400, 4))
        self.assertTrue(np.array_equal(many[3], ids) and np.array_equal(many_scores[3], scores))
        self.assertEqual(self.model.recommend([], self.train[:0])[0].shape, (0, 10))
        self.assertFalse(set(ids) & set(self.train[3].indices))
        self.assertTrue(np.all(np.diff(scores) <= 0))

    def test_filters(self):
        row = self.train[0]
        best = self.model.recommend(0, row, N=90, filter_already_liked_items=False)[0]
        self.assertEqual(sorted(best), list(range(90)))
        ids, scores = self.model.recommend(0, row, N=200)
        self.assertEqual(ids.shape, (90,))
        self.assertEqual((ids < 0).sum(), row.nnz)
        self.assertTrue(np.all(np.isinf(scores[ids < 0])))
        without = self.model.recommend(0, row, N=5, filter_items=ids[:2])[0]
        self.assertEqual(without.tolist(), ids[2:7].tolist())
        only = self.model.recommend(0, row, N=9, items=[ids[4], ids[1], ids[3]])[0]
        self.assertEqual(only.tolist(), [ids[1], ids[3], ids[4]])

    def test_histories(self):
        row = self.train[7]
        self.assertEqual(self.model.recommend_history(row.indices.tolist(), N=6)[0].tolist(), self.model.recommend(7, row, N=6)[0].tolist())
        self.assertEqual(self.model.recommend_history([], N=6)[0].shape, (6,))
        self.assertEqual(self.model.recommend_history(list(map(str, row.indices)), N=6)[0].tolist(),
                         list(map(str, self.model.recommend(7, row, N=6)[0])))
        self.assert_raises(KeyError, "history: expected items that the model knows, found 'x'", self.model.recommend_history, ["x"])
        self.assert_raises(TypeError, "names or indices", self.model.recommend_history, ["3", 4])
        self.assert_raises(IndexError, "history: expected items from 0 to 89, found 90", self.model.recommend_history, [90])

    def test_names_of_items(self):
        fit = recvae.EASE().fit
        for kind, text, names in [(ValueError, "item_ids: expected different names, found 'a' twice", ["a"] * 90),
                                  (TypeError, "item_ids: expected a list of names, found str", "a" * 90),
                                  (TypeError, "item_ids: expected names, found None", [None] * 90),
                                  (ValueError, "item_ids: expected item ids in UTF-8", ["\n", *map(str, range(89))])]:
            self.assert_raises(kind, text, fit, self.train, item_ids=names)
        ours = [recvae.EASE().fit(self.train, item_ids=names) for names in (range(90), range(89, -1, -1))]
        self.assert_raises(ValueError, "part 1: expected the items of the first part.*found '89' at 0", recvae.Blend(ours).recommend, 0, self.train[0])

    def test_wrong_requests(self):
        row = self.train[0]
        for kind, text, arguments, keywords in [
                (ValueError, "N: expected a number from 1 on, found 0", (0, row), {"N": 0}),
                (ValueError, "N: expected a number from 1 on, found -3", (0, row), {"N": -3}),
                (TypeError, "N: expected a whole number, found float", (0, row), {"N": 2.0}),
                (TypeError, "userid", ("a", row), {}),
                (ValueError, r"user_items: expected 1 row\(s\), one for each user, found 2", (0, self.train[:2]), {}),
                (ValueError, r"user_items: expected 3 row", ([0, 1, 2], row), {}),
                (ValueError, "user_items: expected 90 columns, one for each item, found 80", (0, row[:, :80]), {}),
                (TypeError, "user_items: expected a sparse matrix", (0, None), {}),
                (IndexError, "filter_items: expected items from 0 to 89, found -1", (0, row), {"filter_items": [-1]}),
                (IndexError, "items: expected items from 0 to 89, found 99", (0, row), {"items": [99]}),
                (TypeError, "items: expected indices of items, found float", (0, row), {"items": [0.5]}),
                (ValueError, "items: expected some, found none", (0, row), {"items": []}),
                (ValueError, "items, filter_items: expected one", (0, row), {"items": [1], "filter_items": [2]})]:
            with self.subTest(text):
                self.assert_raises(kind, text, self.model.recommend, *arguments, **keywords)
        self.assert_raises(ValueError, "metric: expected cosine or dot", self.model.similar_items, 3, metric="x")
        self.assert_raises(IndexError, "itemid: expected items from 0 to 89", self.model.similar_items, 90)
        self.assert_raises(ValueError, "histories: expected 90 columns", self.model.embed, self.train[:, :4])

    def test_before_fit(self):
        for call in (lambda m: m.recommend(0, self.train[0]), lambda m: m.save("x"), lambda m: m.similar_items(0),
                     lambda m: m.recommend_history([1]), lambda m: recvae.evaluate(m, *hide(self.train))):
            for model in (recvae.RecVAE(), recvae.EASE(), recvae.Popularity(), recvae.Blend([recvae.EASE()])):
                if isinstance(model, recvae.Blend) and call.__code__.co_names[0] == "save":
                    continue
                self.assert_raises(recvae.NotFittedError, "has learned nothing yet", call, model)
        self.assert_raises(recvae.NotFittedError, "expected fit", lambda: recvae.RecVAE().item_factors)
        self.assert_raises(recvae.NotFittedError, "expected fit", recvae.RecVAE().partial_fit, self.train)

    def test_files(self):
        self.assert_raises(FileNotFoundError, "none at", recvae.load, self.folder / "none")
        foreign = self.folder / "foreign"
        foreign.write_bytes(os.urandom(100))
        self.assert_raises(recvae.DataError, "foreign", recvae.load, foreign)
        self.assert_raises(recvae.DataError, str(self.folder), recvae.load, self.folder)
        with open(foreign, "rb") as file:
            pass
        self.assert_raises(TypeError, "path: expected a path, found BufferedReader", recvae.load, file)
        self.assert_raises(recvae.DataError, "no/such", self.model.save, self.folder / "no/such/model")
        self.assert_raises(FileNotFoundError, "none at", recvae.read, self.folder / "none")
        self.assert_raises(recvae.DataError, "foreign", recvae.read, foreign)
        self.assert_raises(ValueError, "unknown option of the data 'treshold', did you mean threshold", recvae.read, foreign, treshold=3)
        self.assert_raises(TypeError, "data: expected a path or a DataFrame, found list", recvae.read, [1])

    def test_evaluation(self):
        shown, hidden = hide(self.train)
        for kind, text, arguments, keywords in [
                (TypeError, "model: expected one with recommend", (3, shown, hidden), {}),
                (ValueError, "model: expected scores of 400 users and 90 items, found 3 x 3", (np.zeros((3, 3)), shown, hidden), {}),
                (ValueError, "hidden: expected 400 rows", (self.model, shown, hidden[:3]), {}),
                (ValueError, "hidden: expected 90 columns", (self.model, shown, hidden[:, :3]), {}),
                (ValueError, "shown: expected 90 columns", (self.model, shown[:, :3], hidden[:, :3]), {}),
                (ValueError, "nothing", (self.model, shown, hidden, ["nothing@3"]), {}),
                (ValueError, "recall_denominator: expected one of min, all", (self.model, shown, hidden), {"recall_denominator": "x"}),
                (ValueError, "samples: expected", (self.model, shown, hidden), {"bootstrap": -1})]:
            with self.subTest(text):
                self.assert_raises(kind, text, recvae.evaluate, *arguments, **keywords)

    def test_evaluation_of_others(self):
        shown, hidden = hide(self.train)
        ours = recvae.evaluate(self.model, shown, hidden, per_user=True)

        class Other:
            def recommend(_, userid, user_items, N):
                return self.model.recommend(userid, user_items, N=N)

        self.assertEqual(recvae.evaluate(Other(), shown, hidden), ours)
        for kind, text, found in [(ValueError, "below 90, found 4294967299", np.full((400, 50), 2**32 + 3)),
                                  (TypeError, "indices of items, found float", np.full((400, 50), np.nan))]:
            Other.recommend = lambda _, userid, user_items, N, found=found: (found, None)
            self.assert_raises(kind, text, recvae.evaluate, Other(), shown, hidden)
        self.assert_raises(ValueError, "model: expected scores that are numbers", recvae.evaluate, np.full((400, 90), np.nan), shown, hidden)
        scores = self.model.embed(shown) @ self.model.item_factors.T + self.model.item_bias
        for name, value in recvae.evaluate(scores, shown, hidden).items():
            self.assertAlmostEqual(value, ours[name], places=3)
        users = np.flatnonzero(np.diff(hidden.indptr))
        self.assertEqual(ours.rows.tolist(), users.tolist())
        self.assertAlmostEqual(ours["ndcg@100"], ours.per_user["ndcg@100"].mean())
        self.assertGreater(ours["recall@20"], recvae.evaluate(self.model, shown, hidden, recall_denominator="all")["recall@20"] - 1e-9)


class Malformed(Case):
    """Random damage: a result or an exception, and nothing read outside (under the address sanitizer)."""

    def test_malformed(self):
        draw, train = random.Random(1), tastes(60, 30, 2)
        model = recvae.RecVAE(**TINY).fit(train, progress=False)
        refused = 0
        for _ in range(10_000):
            x = train[draw.randrange(60):].copy() if draw.random() < 0.5 else train.copy()
            # arrays of their own, of just their size
            x.indptr, x.indices, x.data = (np.array(a) for a in (x.indptr, x.indices, x.data))
            for _ in range(draw.randint(1, 3)):
                self.damage(x, draw)
            try:
                if draw.random() < 0.1:
                    recvae.EASE().fit(x)
                elif draw.random() < 0.05:
                    recvae.RecVAE(hidden_dimension=4, latent_dimension=2, epochs=1).fit(x, progress=False)
                elif draw.random() < 0.3:
                    recvae.evaluate(model, x, x, ["ndcg@5"])
                else:
                    model.recommend(np.arange(x.shape[0]), x, N=3)
            except (ValueError, TypeError, IndexError):
                refused += 1
        self.assertGreater(refused, 5_000)
        self.assertLess(refused, 9_900)

    @staticmethod
    def damage(x, draw):
        name = draw.choice(["indptr", "indices", "data", "indptr", "indices", "shape"])
        if name == "shape":
            x._shape = (max(0, x.shape[0] + draw.randint(-2, 2)), max(0, x.shape[1] + draw.choice([-1, 0, 0, 1])))
            return
        array = getattr(x, name)
        kind = draw.randrange(4)
        if kind == 0 and len(array):
            array = array.copy()
            with np.errstate(all="ignore"):
                number = np.array([draw.choice([-1, 0, 29, 30, 2**31 - 1, -2**31, draw.randrange(100)])])
                array[draw.randrange(len(array))] = number.astype(array.dtype)[0]
        elif kind == 1:
            array = np.array(array[:draw.randrange(len(array) + 1)])
        elif kind == 2:
            with np.errstate(all="ignore"):
                array = np.array(array.astype(draw.choice(["i8", "i4", "f4", "f8", "u1", "?", "i2"])))
        else:
            array = np.r_[array, array[:draw.randrange(3)]]
        setattr(x, name, array)


if __name__ == "__main__":
    unittest.main()
