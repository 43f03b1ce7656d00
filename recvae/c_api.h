/** @file
   RecVAE for C, and for what calls C: Python's ctypes, for one.

   Everything is an object, which recvae_new() makes empty and one of the functions marked "makes" fills: once. An
   object is a data set, a training run, a model (RecVAE, a baseline, a blend), an evaluation, a configuration or a
   search; a function that wants another one says so. Every function returns a status, and where that is not
   RECVAE_OK, recvae_error() of its first object says what, where and what was expected.

   Options and results are texts in JSON, named as on the command line. Matrices are read where they lie: what an object
   is made of must live, unchanged, as long as it, unless it says otherwise. No call takes long, but for those that are
   told how to be stopped: training and evaluation go on by recvae_step(). Calls of different objects may come from
   different threads at once; calls of one object, and of those it is made of, one after the other. Nothing is printed,
   and no C++ exception leaves. */
#ifndef RECVAE_C_API_H
#define RECVAE_C_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Grows by one whenever a function or a struct of an earlier version no longer means the same. */
#define RECVAE_ABI_VERSION 1

/** Marks what the library exports. */
#define RECVAE_C_API __attribute__((visibility("default")))

/** What it is inside is the library's matter. */
typedef struct recvae_object recvae_object;

/** What became of a call. */
enum {
  RECVAE_OK = 0,        /**< it did its work */
  RECVAE_BAD_VALUE = 1, /**< an argument is wrong, whatever the data */
  RECVAE_BAD_DATA = 2,  /**< a file or a matrix is wrong, or cannot be read or written */
  RECVAE_BAD_STATE = 3, /**< the object is none that does this, or not yet or no longer */
  RECVAE_STOPPED = 4,   /**< as was asked for */
  RECVAE_NO_MEMORY = 5, /**< there is too little */
  RECVAE_FAILED = 6     /**< the work came to nothing: training diverged, a matrix has no inverse */
};

/** Types of numbers. */
enum {
  RECVAE_I8 = 0,  /**< 8 bits */
  RECVAE_U8 = 1,  /**< 8 bits without sign: bool, too */
  RECVAE_I16 = 2, /**< 16 bits */
  RECVAE_U16 = 3, /**< 16 bits without sign */
  RECVAE_I32 = 4, /**< 32 bits */
  RECVAE_U32 = 5, /**< 32 bits without sign */
  RECVAE_I64 = 6, /**< 64 bits */
  RECVAE_U64 = 7, /**< 64 bits without sign */
  RECVAE_F32 = 8, /**< float */
  RECVAE_F64 = 9, /**< double */
};

/** A sparse matrix, users x items, in compressed rows: row u has the columns indices[k], and the numbers values[k], for
   indptr[u] <= k < indptr[u + 1]. A number above 0 is a one, 0 is nothing; others are errors. Columns of type I32 that
   ascend in each row are read where they lie; of others a sorted copy is made. */
typedef struct {
  size_t size;          /**< sizeof(recvae_rows) */
  int64_t rows;         /**< users */
  int64_t cols;         /**< items */
  int64_t entries;      /**< in `indices` and `values`: nothing is read beyond */
  const void* indptr;   /**< rows + 1 offsets; the first need not be 0 */
  const void* indices;  /**< the column of each entry */
  const void* values;   /**< NULL: all are 1 */
  int32_t indptr_type;  /**< I32 or I64 */
  int32_t indices_type; /**< I32 or I64 */
  int32_t values_type;  /**< any */
  const char* name;     /**< what messages call it; NULL: the argument's name */
  int64_t first_row;    /**< what messages call the first row */
} recvae_rows;

/** Numbers in memory of an object, row by row. */
typedef struct {
  size_t size;        /**< sizeof(recvae_array) */
  const void* data;   /**< the first one */
  int32_t type;       /**< RECVAE_F32 and the like */
  int32_t dimensions; /**< 1 or 2 */
  int64_t shape[2];   /**< how many; of 2 dimensions: rows and columns */
} recvae_array;

/** What is trained on, and by what the best epoch is chosen. */
typedef struct {
  size_t size;               /**< sizeof(recvae_problem) */
  const recvae_object* data; /**< a data set; or NULL, and the rows: */
  const recvae_rows* train;  /**< users x items */
  const recvae_rows* shown;  /**< of validation users; NULL, and hidden, too: the last epoch is the best */
  const recvae_rows* hidden; /**< what of them is to be found */
  const char* item_tokens;   /**< JSON list of the items' names; NULL: "0", "1", ... */
  const char* user_tokens;   /**< likewise of the rows of `train` */
  const recvae_object* from; /**< a model to begin with, or NULL; not needed after the call */
  const char* directory;     /**< where checkpoints, metrics.jsonl and the best model go; NULL: nowhere */
  int32_t resume;            /**< not 0: go on with the run in `directory` */
} recvae_problem;

/** How lists differ from the best of all items. */
typedef struct {
  size_t size;               /**< sizeof(recvae_request) */
  int64_t n;                 /**< items in a list */
  int32_t include_history;   /**< not 0: also items of the history */
  const int32_t* exclude;    /**< items that no list has */
  int64_t excluded;          /**< how many */
  const int32_t* candidates; /**< NULL: all items; else these alone */
  int64_t candidate_count;   /**< how many */
} recvae_request;

/** Users to be evaluated. */
typedef struct {
  size_t size;               /**< sizeof(recvae_held_out) */
  const recvae_rows* shown;  /**< users x items */
  const recvae_rows* hidden; /**< what is to be recovered */
  const recvae_rows* masked; /**< further items that no list has; NULL: none */
  const recvae_rows* train;  /**< for metrics that look at popularity; NULL: `shown` */
  recvae_object* model;      /**< who ranks; or NULL, and one of: */
  const float* scores;       /**< [users, items] */
  const int32_t* lists;      /**< [users, list_length], best first; a negative number ends a list */
  int64_t list_length;       /**< of `lists` */
} recvae_held_out;

/** Where training or an evaluation stands. */
typedef struct {
  size_t size;         /**< sizeof(recvae_progress) */
  int64_t epoch;       /**< of training: from 1 */
  int64_t done;        /**< users so far: of the epoch's passes, or evaluated */
  int64_t total;       /**< of so many */
  int32_t evaluating;  /**< not 0: users are evaluated */
  int32_t ended_epoch; /**< not 0: this step ended an epoch, of which the text "record" tells */
  int32_t finished;    /**< not 0: nothing is left to do */
} recvae_progress;

/** Asked now and then while something long goes on, by the thread that called: not 0 ends it with RECVAE_STOPPED. */
typedef int (*recvae_stop)(void* context);

/** "recvae x.y.z, OpenBLAS ..., loops of level ...": what bits depend on. And RECVAE_ABI_VERSION of the library. */
RECVAE_C_API const char* recvae_version(int32_t* abi_version);
/** Threads of the whole process; 0: all cores. A negative number only asks. Returns how many there are. */
RECVAE_C_API int32_t recvae_threads(int32_t count);

/** An empty object; NULL where there is no memory. */
RECVAE_C_API recvae_object* recvae_new(void);
/** NULL is freed, too. */
RECVAE_C_API void recvae_free(recvae_object* object);
/** What was wrong with the last call that failed; lives until the next call of this object. Never NULL. */
RECVAE_C_API const char* recvae_error(const recvae_object* object);

/* clang-format off */
/** A text of an object, which lives until the next call of this object that gives a text. All are JSON.

    | of              | name                          | what |
    |-----------------|-------------------------------|------|
    | any             | warnings                      | a list, since it was last asked for |
    | an empty one    | settings PRESET               | a list of {"name", "help", "value"} |
    |                 | data options                  | a list of {"name", "help"} |
    | a data set      | item_tokens, user_tokens      | lists; users are those of `train` |
    |                 | validation.user_tokens, test.user_tokens | lists |
    |                 | summary                       | what became of the rows that were read |
    |                 | strong                        | are held-out users none of the training users? |
    | a training run  | record                        | of the last epoch: a line of metrics.jsonl |
    |                 | log                           | a list of all of them |
    |                 | state                         | "epochs", "best_epoch", "best", "valid_metric", "bigger_is_better", "recall_denominator", "stopped_early" |
    | a model         | kind                          | recvae, ease, edlae, itemknn, popularity, ... |
    |                 | item_tokens, settings, trained_on | what a file of it says |
    | an evaluation   | result                        | {"metrics", "means", "users"} |
    | a configuration | settings, data                | objects |
    |                 | config                        | the same as YAML |
    | a search        | best, trials, settings        | the best values; tab-separated tables, as texts | */
/* clang-format on */
RECVAE_C_API int recvae_text(recvae_object* object, const char* name, const char** text);
/* clang-format off */
/** Numbers of an object, which live as long as it.

    | of            | name                        | what |
    |---------------|-----------------------------|------|
    | a data set    | PART.indptr, PART.indices   | PART: train, train_and_validation, validation.shown, validation.hidden, validation.masked, and of test likewise |
    | RecVAE        | item_factors, item_bias     | the decoder's weight [items, width] and bias [items] |
    | an evaluation | rows                        | which rows have something hidden |
    |               | values, weights             | of these users [users, metrics] | */
/* clang-format on */
RECVAE_C_API int recvae_array_of(recvae_object* object, const char* name, recvae_array* array);

/** Makes a data set: reads, filters and splits. `options`: of --data and its kind; "text": in place of a file, a table.
 */
RECVAE_C_API int recvae_read(recvae_object* data, const char* options, recvae_stop stop, void* context);

/** Makes a training run. `settings` that are not given are those of the preset paper. */
RECVAE_C_API int recvae_fit(recvae_object* fit, const char* settings, const recvae_problem* problem);
/** One step of training, or a block of users to evaluate. */
RECVAE_C_API int recvae_step(recvae_object* object, recvae_progress* progress);
/** Makes a model of a training run: that of its best epoch so far, or what is in its directory, where a checkpoint is
   written first. The run may go on afterwards. RECVAE_BAD_STATE: no epoch has ended yet. */
RECVAE_C_API int recvae_result(recvae_object* model, recvae_object* fit);

/** Makes a model of a weight file: of recvae_train, recvae_export, --save_baselines, or recvae_save(). */
RECVAE_C_API int recvae_load(recvae_object* model, const char* path);
/** Writes it. The file is complete, or as it was. */
RECVAE_C_API int recvae_save(recvae_object* model, const char* path);
/** Makes a model: the baseline popularity, ease, edlae or itemknn learns from `train`, which is not needed after the
   call. `options`: "lambda", "dropout", "neighbors", "double_precision"; `item_tokens` as in recvae_problem. */
RECVAE_C_API int recvae_learn(recvae_object* model, const char* baseline, const char* options, const recvae_rows* train,
                              const char* item_tokens, const char* user_tokens, recvae_stop stop, void* context);
/** Makes a model: scores of models, standardised per user, times weights. These models must live as long as it. */
RECVAE_C_API int recvae_blend(recvae_object* model, recvae_object* const* parts, const double* weights, int64_t count);
/** Makes a model that ranks items by how like they are to those of a history, of RecVAE, which must live as long as it:
   by "cosine" or by "dot". */
RECVAE_C_API int recvae_similar(recvae_object* model, recvae_object* recvae, const char* metric);

/** items, scores [rows, n] <- the best items of each row; -1 and -inf where there are no more. */
RECVAE_C_API int recvae_recommend(recvae_object* model, const recvae_rows* histories, const recvae_request* request,
                                  int32_t* items, float* scores);
/** codes [rows, width] <- the posterior's mean of each row, or what the decoder's hidden layer makes of it, whose
   inner products with "item_factors", which are as wide, are scores less "item_bias". Of RecVAE. */
RECVAE_C_API int recvae_embed(recvae_object* model, const recvae_rows* histories, int64_t width, float* codes);

/** Makes an evaluation, for recvae_step(). `options`: "metrics", "topk", "recall_denominator" (min, all),
   "tail_ratio". Who ranks and what was shown are not needed any more once it is finished. */
RECVAE_C_API int recvae_evaluate(recvae_object* evaluation, const char* options, const recvae_held_out* held_out);
/** 95 % intervals of a finished evaluation's means, by so many bootstrap samples: {"METRIC": [low, high]}. */
RECVAE_C_API int recvae_intervals(recvae_object* evaluation, int64_t samples, recvae_stop stop, void* context,
                                  const char** text);
/** Compares two finished evaluations of the same users and metrics, the first less the second: {"METRIC": {"mean",
   "low", "high", "p"}}, a text of `a`. */
RECVAE_C_API int recvae_compare(recvae_object* a, recvae_object* b, int64_t samples, recvae_stop stop, void* context,
                                const char** text);

/** Makes a configuration of what recvae_train's command line would say, RecBole's keys and files included. */
RECVAE_C_API int recvae_configure(recvae_object* configuration, const char* const* arguments, int64_t count);
/** Makes a search. `options`: "params" (the text of recvae_tune's file), "params_file" (its name), "algo", "max_evals",
   "early_stop"; `settings` as of recvae_fit(), which are not searched over. */
RECVAE_C_API int recvae_search(recvae_object* search, const char* options, const char* settings);
/** Takes the record of the task that was given last, {"valid", "test", "best_epoch", "seconds", "diverged"} (NULL:
   there is none), and gives the next, or the last once more: {"trial", "epochs", "values", "settings"}; null: the
   search is over. */
RECVAE_C_API int recvae_next(recvae_object* search, const char* record, const char** task);

#ifdef __cplusplus
}
#endif

#endif
