#include "keys.h"

#include <algorithm>
#include <stdexcept>

#include "data/literal.h"
#include "eval_args.h"

namespace recvae::tools {
namespace {

using data::Literal;
using Translated = CommandLine::Translated;

[[noreturn]] void expect(const std::string& what) { throw std::invalid_argument(what); }

/// The option `name`; none: as if it were not given.
Translated option(const char* name, const std::string& value) {
  if (value.empty() || is_none(value)) return {true, {{name, std::nullopt}}, {}};
  return {true, {{name, value}}, {}};
}

/// Nothing, if the value is none or one of `harmless`.
Translated only(const std::string& value, std::initializer_list<const char*> harmless, const char* expected) {
  const auto is_value = [&](const char* one) { return value == one; };
  if (!is_none(value) && std::none_of(harmless.begin(), harmless.end(), is_value)) expect(expected);
  return {};
}

Translated clip_grad_norm(const std::string& value) {
  const Literal map = data::parse_literal(value);
  if (map.kind != Literal::Kind::map) return {true, {{"clip_grad_norm", value}}, {}};
  const Literal *most = map.find("max_norm"), *type = map.find("norm_type");
  if (!most || (type && type->text != "2" && type->text != "2.0"))
    expect("a number, or {'max_norm': number} with norm_type 2");
  return {true, {{"clip_grad_norm", most->text}}, {}};
}

Translated mlp_hidden_size(const std::string& value) {
  const std::vector<std::string> sizes = parse_list(value);
  if (sizes.size() != 1) expect("one hidden layer, such as [600]");
  return {true, {{"hidden_dimension", sizes[0]}}, {}};
}

/// As a map it makes labels that RecBole's RecVAE does not read; as a number it is an option of ours.
Translated threshold(const std::string& value) {
  if (data::parse_literal(value).kind == Literal::Kind::map) return {false, {}, {}};
  return {true, {{"threshold", value}}, {}};
}

Translated misspelt(const char* name, const std::string& value) {
  Translated here = option(name, value);
  here.warning =
      "hidden_dimendion and latent_dimendion, as RecBole's page spells them, are hidden_dimension and "
      "latent_dimension here; RecBole itself ignores them";
  return here;
}

Translated no_meaning(const std::string&) { return {false, {}, {}}; }

// Of each area in the order of RecBole's documentation.
constexpr RecboleKey kKeys[] = {
    {"gpu_id", "environment", Fate::ignored, "CPU only", no_meaning},
    {"use_gpu", "environment", Fate::ignored, "CPU only", no_meaning},
    {"device", "environment", Fate::ignored, "CPU only", no_meaning},
    {"worker", "environment", Fate::ignored, "`--threads`", no_meaning},
    {"nproc", "environment", Fate::ignored, "one process", no_meaning},
    {"ip", "environment", Fate::ignored, "one process", no_meaning},
    {"port", "environment", Fate::ignored, "one process", no_meaning},
    {"world_size", "environment", Fate::ignored, "one process", no_meaning},
    {"offset", "environment", Fate::ignored, "one process", no_meaning},
    {"group_offset", "environment", Fate::ignored, "one process", no_meaning},
    {"local_rank", "environment", Fate::ignored, "one process", no_meaning},
    {"single_spec", "environment", Fate::ignored, "one process", no_meaning},
    {"seed", "environment", Fate::same, "under `--preset recbole` also the split's"},
    {"state", "environment", Fate::ignored, "`--log_level`", no_meaning},
    {"reproducibility", "environment", Fate::ignored, "runs are always reproducible", no_meaning},
    {"require_pow", "environment", Fate::ignored, "of other models", no_meaning},
    {"encoding", "environment", Fate::refused, "but `utf-8`: text is UTF-8",
     [](const std::string& v) {
       return only(v, {"utf-8", "UTF-8", "utf8"}, "utf-8");
     }},
    {"data_path", "environment", Fate::same, "with `dataset`"},
    {"dataset", "environment", Fate::same, "`--data DATA_PATH/DATASET`"},
    {"model", "environment", Fate::same, "RecVAE, MultiVAE, MultiDAE"},
    {"config_files", "environment", Fate::same, "`--config` for each"},
    {"checkpoint_dir", "environment", Fate::ignored, "`--out`", no_meaning},
    {"show_progress", "environment", Fate::ignored, "`--quiet`", no_meaning},
    {"save_dataset", "environment", Fate::ignored, "`recvae_prepare` writes splits", no_meaning},
    {"dataset_save_path", "environment", Fate::ignored, "`recvae_prepare` writes splits", no_meaning},
    {"save_dataloaders", "environment", Fate::ignored, "`recvae_prepare` writes splits", no_meaning},
    {"dataloaders_save_path", "environment", Fate::ignored, "`recvae_prepare` writes splits", no_meaning},
    {"log_wandb", "environment", Fate::ignored, "`metrics.jsonl`, `report.html`", no_meaning},
    {"wandb_project", "environment", Fate::ignored, "`metrics.jsonl`, `report.html`", no_meaning},

    {"field_separator", "data", Fate::same, "also of tables",
     [](const std::string& v) { return option("field_separator", v); }},
    {"seq_separator", "data", Fate::ignored, "sequences are not read", no_meaning},
    {"USER_ID_FIELD", "data", Fate::translated, "`user_field`",
     [](const std::string& v) { return option("user_field", v); }},
    {"ITEM_ID_FIELD", "data", Fate::translated, "`item_field`",
     [](const std::string& v) { return option("item_field", v); }},
    {"RATING_FIELD", "data", Fate::translated, "`rating_field`",
     [](const std::string& v) { return option("rating_field", v); }},
    {"TIME_FIELD", "data", Fate::translated, "`time_field`",
     [](const std::string& v) { return option("time_field", v); }},
    {"seq_len", "data", Fate::ignored, "sequences are not read", no_meaning},
    {"LABEL_FIELD", "data", Fate::ignored, "no labels; RecVAE has none in RecBole either", no_meaning},
    {"threshold", "data", Fate::ignored,
     "as a map, which makes labels that RecBole's RecVAE does not read (a number is an option of ours; to drop rows, "
     "`val_interval`)",
     threshold},
    {"NEG_PREFIX", "data", Fate::ignored, "no negative samples", no_meaning},
    {"ITEM_LIST_LENGTH_FIELD", "data", Fate::ignored, "of sequential models", no_meaning},
    {"LIST_SUFFIX", "data", Fate::ignored, "of sequential models", no_meaning},
    {"MAX_ITEM_LIST_LENGTH", "data", Fate::ignored, "of sequential models", no_meaning},
    {"POSITION_FIELD", "data", Fate::ignored, "of sequential models", no_meaning},
    {"HEAD_ENTITY_ID_FIELD", "data", Fate::ignored, "of models with knowledge", no_meaning},
    {"TAIL_ENTITY_ID_FIELD", "data", Fate::ignored, "of models with knowledge", no_meaning},
    {"RELATION_ID_FIELD", "data", Fate::ignored, "of models with knowledge", no_meaning},
    {"ENTITY_ID_FIELD", "data", Fate::ignored, "of models with knowledge", no_meaning},
    {"kg_reverse_r", "data", Fate::ignored, "of models with knowledge", no_meaning},
    {"entity_kg_num_interval", "data", Fate::ignored, "of models with knowledge", no_meaning},
    {"relation_kg_num_interval", "data", Fate::ignored, "of models with knowledge", no_meaning},
    {"load_col", "data", Fate::ignored, "a column that an option names is read; tables of users and items never are",
     no_meaning},
    {"unload_col", "data", Fate::ignored, "likewise", no_meaning},
    {"unused_col", "data", Fate::ignored, "likewise", no_meaning},
    {"additional_feat_suffix", "data", Fate::ignored, "features are not read", no_meaning},
    {"numerical_features", "data", Fate::ignored, "features are not read", no_meaning},
    {"discretization", "data", Fate::ignored, "features are not read", no_meaning},
    {"rm_dup_inter", "data", Fate::same, "null: repeated pairs stay rows until the split"},
    {"val_interval", "data", Fate::same, "a piece that is no interval is refused, where RecBole leaves it out",
     [](const std::string& v) { return option("val_interval", v); }},
    {"filter_inter_by_user_or_item", "data", Fate::ignored, "tables of users and items are not read", no_meaning},
    {"user_inter_num_interval", "data", Fate::same, "again and again, until all users and items hold",
     [](const std::string& v) { return option("user_inter_num_interval", v); }},
    {"item_inter_num_interval", "data", Fate::same, "likewise",
     [](const std::string& v) { return option("item_inter_num_interval", v); }},
    {"alias_of_user_id", "data", Fate::ignored, "features are not read", no_meaning},
    {"alias_of_item_id", "data", Fate::ignored, "features are not read", no_meaning},
    {"alias_of_entity_id", "data", Fate::ignored, "features are not read", no_meaning},
    {"alias_of_relation_id", "data", Fate::ignored, "features are not read", no_meaning},
    {"preload_weight", "data", Fate::ignored, "`--init_from`", no_meaning},
    {"normalize_field", "data", Fate::ignored, "features are not read; filters see raw values in RecBole, too",
     no_meaning},
    {"normalize_all", "data", Fate::ignored, "likewise", no_meaning},
    {"benchmark_filename", "data", Fate::same, "`eval_args` beside it has no meaning, and filters are refused",
     [](const std::string& v) { return option("benchmark_filename", v); }},

    {"epochs", "training", Fate::same, ""},
    {"train_batch_size", "training", Fate::same, "in users, as there"},
    {"learner", "training", Fate::refused, "but `adam`: there is no other optimiser",
     [](const std::string& v) {
       return only(v, {"adam", "Adam"}, "adam, the only optimiser here");
     }},
    {"learning_rate", "training", Fate::same, ""},
    {"train_neg_sample_args", "training", Fate::ignored, "no negative samples", no_meaning},
    {"valid_neg_sample_args", "training", Fate::ignored, "no negative samples", no_meaning},
    {"test_neg_sample_args", "training", Fate::ignored, "no negative samples", no_meaning},
    {"neg_sampling", "training", Fate::ignored, "no negative samples", no_meaning},
    {"training_neg_sample_num", "training", Fate::ignored, "no negative samples", no_meaning},
    {"training_neg_sample_distribution", "training", Fate::ignored, "no negative samples", no_meaning},
    {"eval_step", "training", Fate::same, "from 1 on"},
    {"stopping_step", "training", Fate::same, ""},
    {"clip_grad_norm", "training", Fate::translated,
     "`{'max_norm': 5, 'norm_type': 2}` is `5`: of the gradients of the step, not of stale ones, too", clip_grad_norm},
    {"loss_decimal_place", "training", Fate::ignored, "`metrics.jsonl` has all digits", no_meaning},
    {"weight_decay", "training", Fate::same, ""},
    {"shuffle", "training", Fate::same, ""},
    {"enable_amp", "training", Fate::ignored, "float32", no_meaning},
    {"enable_scaler", "training", Fate::ignored, "float32", no_meaning},
    {"transform", "training", Fate::refused, "but null: it changes what is trained on",
     [](const std::string& v) { return only(v, {}, "null: there are no transforms"); }},
    {"loss_type", "training", Fate::ignored, "the model has its own", no_meaning},

    {"eval_args", "evaluation", Fate::translated, "`split`, `ratios`, `order`, `group_by`; mode `full` only",
     eval_args},
    {"repeatable", "evaluation", Fate::refused, "but False: histories are masked",
     [](const std::string& v) {
       return only(v, {"False", "false"}, "False: what a user has is never recommended");
     }},
    {"metrics", "evaluation", Fate::same,
     "the ranking ones, in any case; AUC, MAE, RMSE, LogLoss need labels and are refused"},
    {"topk", "evaluation", Fate::same, ""},
    {"valid_metric", "evaluation", Fate::same, "need not be among `metrics`"},
    {"valid_metric_bigger", "evaluation", Fate::ignored, "the metric says so, as there", no_meaning},
    {"eval_batch_size", "evaluation", Fate::same, "changes nothing"},
    {"metric_decimal_place", "evaluation", Fate::translated, "`selection_decimals`; results have 4",
     [](const std::string& v) { return option("selection_decimals", v); }},
    {"tail_ratio", "evaluation", Fate::same, ""},

    {"hidden_dimension", "model", Fate::same, ""},
    {"latent_dimension", "model", Fate::same,
     "of MultiVAE half of it: RecBole counts means and log variances together"},
    {"hidden_dimendion", "model", Fate::translated, "`hidden_dimension`, with a warning",
     [](const std::string& v) { return misspelt("hidden_dimension", v); }},
    {"latent_dimendion", "model", Fate::translated, "`latent_dimension`, with a warning",
     [](const std::string& v) { return misspelt("latent_dimension", v); }},
    {"dropout_prob", "model", Fate::same, ""},
    {"beta", "model", Fate::same, ""},
    {"gamma", "model", Fate::same, ""},
    {"mixture_weights", "model", Fate::same, ""},
    {"n_enc_epochs", "model", Fate::same, ""},
    {"n_dec_epochs", "model", Fate::same, ""},
    {"mlp_hidden_size", "model", Fate::translated, "`hidden_dimension`: one layer (MultiVAE, MultiDAE)",
     mlp_hidden_size},
    {"anneal_cap", "model", Fate::translated, "`beta` (MultiVAE)",
     [](const std::string& v) { return option("beta", v); }},
    {"total_anneal_steps", "model", Fate::same, "(MultiVAE)"},
    {"MODEL_TYPE", "model", Fate::ignored, "the model says so", no_meaning},
    {"MODEL_INPUT_TYPE", "model", Fate::ignored, "the model says so", no_meaning},

    {"params_file", "tuning", Fate::same, "of `recvae_tune`"},
    {"output_file", "tuning", Fate::ignored, "`OUT/*.tsv`", no_meaning},
    {"display_file", "tuning", Fate::ignored, "`OUT/tune.html`", no_meaning},
    {"tool", "tuning", Fate::ignored, "`--algo`", no_meaning},
};

}  // namespace

std::span<const RecboleKey> recbole_keys() { return kKeys; }

std::string name_of(Fate fate) {
  constexpr const char* names[] = {"as there", "translated", "without meaning", "refused"};
  return names[static_cast<std::size_t>(fate)];
}

std::pair<std::string, std::string> name_here(const std::string& name) {
  for (const RecboleKey& key : kKeys) {
    if (key.fate != Fate::translated || key.name != name || name == "eval_args") continue;
    const Translated here = key.translate("1");
    return {here.options[0].first, here.warning};
  }
  return {name, {}};
}

std::string names_here(const std::string& params) {
  std::string here;
  for (std::size_t begin = 0; begin < params.size();) {
    const std::size_t end = std::min(params.find('\n', begin), params.size());
    const std::string row = params.substr(begin, end - begin), name = row.substr(0, row.find_first_of(" \t"));
    const auto [known, warning] = name_here(name);
    if (!warning.empty()) log_warning(warning);
    here.append(known).append(row.substr(name.size())).append("\n");
    begin = end + 1;
  }
  return here;
}

CommandLine::Dialect recbole_dialect() {
  CommandLine::Dialect dialect;
  for (const RecboleKey& key : kKeys) {
    if (key.translate) dialect.names.push_back(key.name);
  }
  dialect.translate = [](const std::string& name, const std::string& value) {
    const auto key =
        std::find_if(std::begin(kKeys), std::end(kKeys), [&](const RecboleKey& k) { return name == k.name; });
    return key->translate(value);
  };
  return dialect;
}

}  // namespace recvae::tools
