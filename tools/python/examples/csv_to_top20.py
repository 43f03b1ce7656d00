"""From a table of who used what to a served list: a notebook in a file (each `# %%` is a cell).

  python csv_to_top20.py ratings.csv [--threshold 3.5] [--epochs 20] [--out top20] [--serve PORT]

Writes OUT/model.safetensors, OUT/curve.png where matplotlib is installed, and OUT/top20.jsonl, a line per user; then answers
http://localhost:PORT/u123 until Ctrl-C.
"""
# %% What is asked for
import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import recvae

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings")
parser.add_argument("--threshold", type=float, help="keep ratings above this")
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--out", type=Path, default=Path("top20"))
parser.add_argument("--serve", type=int, metavar="PORT")
options = parser.parse_args()
options.out.mkdir(parents=True, exist_ok=True)

# %% Read it: a tenth of the users are held out for validation, and as many for the test
data = recvae.read(options.ratings, threshold=options.threshold, split="strong")
print(data)

# %% Train, beside the model that one has to beat
model = recvae.RecVAE(epochs=options.epochs).fit(data)
ease = recvae.EASE(regularization=250.0).fit(data)
model.save(options.out / "model.safetensors")

# %% Which one is it?
result = recvae.compare(model, ease, *data.test, metric="ndcg@20")
print(f"ndcg@20: RecVAE {result.a:.4f}, EASE {result.b:.4f}, p = {result.p:.4f}")
best = model if result.difference >= 0 else ease

# %% How training went
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("no curve: there is no matplotlib")
else:
    plt.plot([epoch["epoch"] for epoch in model.history_], [epoch["ndcg@100"] for epoch in model.history_])
    plt.xlabel("epoch")
    plt.ylabel("ndcg@100 on validation")
    plt.savefig(options.out / "curve.png")

# %% Lists for everybody: training users, and the shown part of the held-out ones
histories = dict(zip(data.user_tokens, data.train))
for part in (data.validation, data.test):
    histories.update(zip(part.user_tokens, part.shown))


def top20(user):
    """The user's list, as {"user": ..., "items": [[item, score], ...]}."""
    ids, scores = best.recommend(0, histories[user], N=20)
    return {"user": user, "items": [[data.item_tokens[i], round(float(s), 4)] for i, s in zip(ids, scores) if i >= 0]}


with open(options.out / "top20.jsonl", "w", encoding="utf-8") as file:
    for user in histories:
        file.write(json.dumps(top20(user)) + "\n")
print(f"{len(histories)} lists in {options.out / 'top20.jsonl'}")


# %% Serve them
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        user = unquote(self.path[1:])
        found = top20(user) if user in histories else {"error": f"unknown user {user}"}
        self.send_response(404 if "error" in found else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())


if options.serve:
    print(f"http://localhost:{options.serve}/{next(iter(histories))}")
    try:
        ThreadingHTTPServer(("localhost", options.serve), Answer).serve_forever()
    except KeyboardInterrupt:
        pass
