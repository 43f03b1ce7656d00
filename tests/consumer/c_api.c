/* RecVAE by its C interface alone: trains, saves, loads and recommends. */
#include "recvae/c_api.h"

#include <stdio.h>
#include <stdlib.h>

static recvae_object* object; /* of the last call */
static void check(int status) {
  if (status == RECVAE_OK) return;
  fprintf(stderr, "c_api: %s\n", recvae_error(object));
  exit(1);
}

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "model.safetensors";
  int32_t indptr[101] = {0}, indices[300], items[5];
  float scores[5];
  for (int k = 0; k < 300; ++k) indices[k] = k / 3 % 20 + k % 3; /* user u has three items from u % 20 on */
  for (int u = 0; u < 100; ++u) indptr[u + 1] = 3 * (u + 1);
  recvae_rows train = {sizeof train, 100, 22, 300, indptr, indices, NULL, RECVAE_I32, RECVAE_I32, RECVAE_F32, NULL, 0};

  recvae_problem problem = {.size = sizeof problem, .train = &train};
  recvae_object* run = object = recvae_new();
  check(recvae_fit(run, "{\"hidden_dimension\": 32, \"latent_dimension\": 8, \"epochs\": 20}", &problem));
  for (recvae_progress at = {.size = sizeof at}; !at.finished;) check(recvae_step(run, &at));
  recvae_object* trained = object = recvae_new();
  check(recvae_result(trained, run));
  check(recvae_save(trained, path));
  recvae_free(run);
  recvae_free(trained);

  recvae_object* model = object = recvae_new();
  check(recvae_load(model, path));
  recvae_rows history = train;
  history.rows = 1;
  recvae_request best = {.size = sizeof best, .n = 5};
  check(recvae_recommend(model, &history, &best, items, scores));
  for (int k = 0; k < 5; ++k) printf("%d %.3f\n", items[k], scores[k]);
  recvae_free(model);
}
