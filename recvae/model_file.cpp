#include "model_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "../data/error.h"
#include "../data/vocabulary.h"
#include "architecture.h"
#include "json_value.h"

namespace recvae {
namespace {

using ad::Index;

constexpr const char *kFormat = "recvae 1", *kServingFormat = "recvae serving 1";
constexpr const char* kOldEncoder = "prior.encoder_old";
constexpr const char* kConstants[] = {"prior.mu_prior", "prior.logvar_prior", "prior.logvar_uniform_prior"};

std::string shape_text(const std::vector<Index>& shape) {
  std::string text;
  for (Index n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "[" + text + "]";
}

std::string metadata_text(const ad::nn::SafetensorsReader& file, const char* name) {
  const auto it = file.metadata().find(name);
  return it == file.metadata().end() ? std::string() : it->second;
}

bool is_serving(const ad::nn::SafetensorsReader& file) { return metadata_text(file, "format") == kServingFormat; }

void expect_shape(const ad::nn::SafetensorsReader& file, const std::string& name, const std::vector<Index>& shape) {
  const auto it = file.tensors().find(name);
  if (it == file.tensors().end()) throw ad::Error(file.path() + ": tensor " + name + " is missing: not a RecVAE model");
  if (it->second.shape != shape) {
    throw ad::Error(file.path() + ": tensor " + name + ": expected " + shape_text(shape) + ", found " +
                    shape_text(it->second.shape));
  }
  const std::string& dtype = it->second.dtype;
  if (dtype != "F32" && dtype != "F64" && !(dtype == "F16" && is_serving(file))) {
    throw ad::Error(file.path() + ": tensor " + name + ": expected " + (is_serving(file) ? "F16, " : "") +
                    "F32 or F64, found " + dtype);
  }
}

struct Sizes {
  Index items, hidden, latent;
};

// The shapes that files have for an encoder of this kind and these sizes, checked one by one; returns how many there
// are.
std::size_t expect_encoder(const ad::nn::SafetensorsReader& file, const std::string& prefix, EncoderKind kind,
                           const Sizes& sizes) {
  std::size_t n = 0;
  const auto expect = [&](const std::string& name, const std::vector<Index>& shape) {
    expect_shape(file, prefix + "." + name, shape);
    ++n;
  };
  const Index hidden = sizes.hidden;
  const bool recvae = kind == EncoderKind::recvae;
  for (int k = 1; k <= (recvae ? 5 : 1); ++k) {
    const std::string fc = "fc" + std::to_string(k), ln = "ln" + std::to_string(k);
    expect(fc + ".weight", {hidden, k == 1 ? sizes.items : hidden});
    expect(fc + ".bias", {hidden});
    for (const char* vector : {".weight", ".bias"}) {
      if (recvae) expect(ln + vector, {hidden});
    }
  }
  for (const char* head : {"fc_mu", "fc_logvar"}) {
    if (kind == EncoderKind::multdae && head == std::string("fc_logvar")) continue;
    expect(std::string(head) + ".weight", {sizes.latent, hidden});
    expect(std::string(head) + ".bias", {sizes.latent});
  }
  return n;
}

std::size_t expect_decoder(const ad::nn::SafetensorsReader& file, bool has_hidden, const Sizes& sizes) {
  expect_shape(file, "decoder.weight", {sizes.items, has_hidden ? sizes.hidden : sizes.latent});
  expect_shape(file, "decoder.bias", {sizes.items});
  if (!has_hidden) return 2;
  expect_shape(file, "decoder.fc1.weight", {sizes.hidden, sizes.latent});
  expect_shape(file, "decoder.fc1.bias", {sizes.hidden});
  return 4;
}

template <class Module>
void expect_finite(const std::string& path, const Module& module) {
  ad::nn::for_each_parameter(module, [&](const std::string& name, const ad::Parameter<float>& p) {
    for (Index i = 0; i < p.value.size(); ++i) {
      if (!std::isfinite(p.value.data()[i]))
        throw ad::Error(path + ": tensor " + name + " has a value that is not a finite number");
    }
  });
}

bool has_prefix(const ad::nn::SafetensorsReader& file, const std::string& prefix) {
  const auto it = file.tensors().lower_bound(prefix);
  return it != file.tensors().end() && it->first.starts_with(prefix);
}

using Tensors = std::vector<ad::nn::NamedTensor<float>>;

// append_old_encoder(list): is there one?
template <class AppendOldEncoder>
std::string save(const std::string& path, const RecVae<float>& model, const AppendOldEncoder& append_old_encoder,
                 const ModelMetadata& metadata) {
  const ad::Tensor<float> zero(1, model.latent());
  ad::Tensor<float> wide(1, model.latent());
  wide.fill(static_cast<float>(kWideLogvar));
  Tensors list;
  append_parameters(list, model.encoder, "encoder");
  if (append_old_encoder(list)) {
    for (const char* name : kConstants) list.push_back({name, name == kConstants[2] ? wide.view() : zero.view()});
  }
  append_parameters(list, model.decoder, "decoder");
  return ad::nn::write_safetensors(path, list, file_metadata(path, kFormat, metadata));
}

// The metadata that need no weights to be understood. Returns the settings, with `layer_norm_eps` where there are none.
Settings read_metadata(const ad::nn::SafetensorsReader& file, LoadedModel& loaded, double layer_norm_eps) {
  const std::string format = metadata_text(file, "format");
  if (!format.empty() && format != kFormat && format != kServingFormat && format != "pt") {
    throw ad::Error(file.path() + ": format: expected '" + kFormat + "' or '" + kServingFormat + "', found " +
                    data::excerpt(format));
  }
  loaded.trained_on = metadata_text(file, "trained_on");
  loaded.settings = metadata_text(file, "settings");
  Settings settings;
  settings.layer_norm_eps = layer_norm_eps;
  try {
    if (file.metadata().count("settings")) settings = settings_from_json(loaded.settings, settings);
    validate(settings);
  } catch (const std::exception& e) {
    throw ad::Error(file.path() + ": " + e.what());
  }
  return settings;
}

// Of a file whose tensors are those of a model of such settings, all and no more.
Sizes expect_model(const ad::nn::SafetensorsReader& file, const Settings& settings, Load what) {
  const Architecture layers = architecture(settings);
  const auto side = [&](const char* name, std::size_t dimension) {
    const auto it = file.tensors().find(name);
    if (it == file.tensors().end())
      throw ad::Error(file.path() + ": tensor " + name + " is missing: not a RecVAE model");
    if (it->second.shape.size() != 2 || it->second.shape[0] < 1 || it->second.shape[1] < 1) {
      throw ad::Error(file.path() + ": tensor " + name + ": expected two positive sides, found " +
                      shape_text(it->second.shape));
    }
    return it->second.shape[dimension];
  };
  const Sizes sizes{side("decoder.weight", 0), side("encoder.fc_mu.weight", 1), side("encoder.fc_mu.weight", 0)};
  std::size_t known =
      expect_encoder(file, "encoder", layers.encoder, sizes) + expect_decoder(file, layers.hidden_decoder, sizes);
  const bool has_old = !is_serving(file) && has_old_posterior(settings);
  if (has_old && (has_prefix(file, kOldEncoder) || what == Load::model)) {
    known += expect_encoder(file, kOldEncoder, layers.encoder, sizes);
  }
  for (const char* name : kConstants) {
    if (!has_old || !file.contains(name)) continue;
    expect_shape(file, name, {1, sizes.latent});
    ++known;
  }
  if (known == file.tensors().size()) return sizes;
  for (const auto& [name, info] : file.tensors()) {
    const bool ours = name.starts_with("encoder.") || name.starts_with("decoder.") || name.starts_with("prior.");
    if (!ours) throw ad::Error(file.path() + ": surplus tensor " + name);
  }
  throw ad::Error(file.path() + ": surplus tensors: expected " + std::to_string(known) + ", found " +
                  std::to_string(file.tensors().size()));
}

}  // namespace

std::vector<std::string> read_item_tokens(const std::string& path, const std::string& text, Index items) {
  std::vector<std::string> tokens;
  Index values = 0;
  const auto flat_and_short = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json&) {
    values += event == nlohmann::json::parse_event_t::value;
    if (depth > 1 || values > items) throw ad::Error("");  // what is too deep or too long is not read to its end
    return true;
  };
  const char* wrong = "a list";
  try {
    wrong = take_value(nlohmann::json::parse(text, flat_and_short, false), tokens);
  } catch (const ad::Error&) {
  }
  if (wrong || std::ssize(tokens) != items) {
    throw ad::Error(path + ": item_tokens: expected a JSON list of " + std::to_string(items) + " strings");
  }
  data::Vocabulary distinct;
  for (const std::string& token : tokens) {
    const std::int32_t before = distinct.size();
    if (token.empty() || ad::nn::has_control_character(token) || distinct.add(token) < before) {
      throw ad::Error(path + ": item_tokens: expected different names without control characters, found " +
                      data::excerpt(token) + (distinct.find(token) < 0 ? "" : " twice"));
    }
  }
  return tokens;
}

ad::nn::Metadata file_metadata(const std::string& path, const char* format, const ModelMetadata& metadata) {
  check_item_tokens(path, metadata.item_tokens);
  return {{"format", format},
          {"settings", metadata.settings},
          {"item_tokens", nlohmann::json(metadata.item_tokens).dump()},
          {"trained_on", metadata.trained_on}};
}

void check_item_tokens(const std::string& path, const std::vector<std::string>& item_tokens) {
  for (const std::string& token : item_tokens) {
    bool fine = !token.empty() && !ad::nn::has_control_character(token);
    try {
      nlohmann::json(token).dump();
    } catch (const nlohmann::json::exception&) {
      fine = false;
    }
    if (fine) continue;
    throw ad::Error(path + ": expected item ids in UTF-8 without control characters, found " + data::excerpt(token));
  }
}

LoadedModel load_model(const std::string& path, Load what, double layer_norm_eps) {
  ad::nn::SafetensorsReader file(path);
  LoadedModel loaded;
  const Settings settings = read_metadata(file, loaded, layer_norm_eps);
  const Sizes sizes = expect_model(file, settings, what);
  Architecture layers = architecture(settings);
  layers.hidden = sizes.hidden;
  layers.latent = sizes.latent;
  if (const auto it = file.metadata().find("item_tokens"); it != file.metadata().end()) {
    loaded.item_tokens = read_item_tokens(path, it->second, sizes.items);
  }
  loaded.model = make_model(layers, sizes.items, ad::nn::Init::zero, 0);
  ad::nn::read_parameters(file, loaded.model, "");
  expect_finite(path, loaded.model);
  if (what == Load::with_old_encoder && has_old_posterior(settings) && has_prefix(file, kOldEncoder)) {
    loaded.old_encoder = make_encoder(layers, sizes.items, ad::nn::Init::zero, 0);
    ad::nn::read_parameters(file, *loaded.old_encoder, kOldEncoder);
    expect_finite(path, *loaded.old_encoder);
  }
  return loaded;
}

std::string save_model(const std::string& path, const RecVae<float>& model, const ModelMetadata& metadata) {
  return save(
      path, model, [](Tensors&) { return false; }, metadata);
}

std::string save_model(const std::string& path, const RecVae<float>& model, const Encoder<float>& old_encoder,
                       const ModelMetadata& metadata) {
  const auto append = [&](Tensors& list) {
    append_parameters(list, old_encoder, kOldEncoder);
    return true;
  };
  return save(path, model, append, metadata);
}

std::string save_model(const std::string& path, const RecVae<float>& model, ad::nn::SafetensorsReader& old_encoder,
                       const ModelMetadata& metadata) {
  const auto append = [&](Tensors& list) {
    append_tensors(list, old_encoder);
    return true;
  };
  return save(path, model, append, metadata);
}

void save_for_serving(const std::string& path, const LoadedModel& from, ad::nn::Precision precision) {
  const std::string settings =
      from.settings.empty() ? nlohmann::json({{"layer_norm_eps", from.model.encoder.ln1.eps}}).dump() : from.settings;
  ad::nn::Metadata metadata = file_metadata(path, kServingFormat, {settings, from.item_tokens, from.trained_on});
  if (from.item_tokens.empty()) metadata.erase("item_tokens");
  Tensors list;
  append_parameters(list, from.model, "");
  ad::nn::write_safetensors(path, list, metadata, precision);
}

void save_old_encoder(const std::string& path, const Encoder<float>& old_encoder) {
  Tensors list;
  append_parameters(list, old_encoder, kOldEncoder);
  ad::nn::write_safetensors(path, list, {});
}

ItemMapping take_over(const LoadedModel& from, RecVae<float>& to, std::optional<Encoder<float>>& to_old,
                      const std::vector<std::string>& item_tokens) {
  const RecVae<float>& source = from.model;
  if (source.hidden() != to.hidden() || source.latent() != to.latent()) {
    throw ad::Error("initial weights: expected hidden_dimension " + std::to_string(to.hidden()) +
                    " and latent_dimension " + std::to_string(to.latent()) + ", found " +
                    std::to_string(source.hidden()) + " and " + std::to_string(source.latent()));
  }
  if (source.encoder.kind != to.encoder.kind || source.decoder.has_hidden() != to.decoder.has_hidden())
    throw ad::Error("initial weights: expected encoder and decoder of the same kind, found others");
  if (from.item_tokens.empty() && source.items() != to.items()) {
    throw ad::Error("initial weights: they have no item tokens, so expected " + std::to_string(to.items()) +
                    " items, found " + std::to_string(source.items()));
  }
  std::vector<Index> source_row(item_tokens.size(), -1);  // of each item here, its row there
  if (from.item_tokens.empty()) {
    for (std::size_t j = 0; j < source_row.size(); ++j) source_row[j] = static_cast<Index>(j);
  } else {
    const data::Vocabulary rows(from.item_tokens);
    for (std::size_t j = 0; j < item_tokens.size(); ++j) source_row[j] = rows.find(item_tokens[j]);
  }
  ItemMapping mapping;
  for (Index row : source_row) ++(row < 0 ? mapping.fresh : mapping.kept);
  mapping.dropped = source.items() - mapping.kept;

  // Parameters of item rows copy row by row; a bias of items is one row of columns. All others copy whole.
  const auto copy_rows = [&](const ad::Tensor<float>& a, ad::Tensor<float>& b, Index width) {
    for (std::size_t j = 0; j < source_row.size(); ++j) {
      if (source_row[j] >= 0)
        std::copy_n(a.data() + source_row[j] * width, width, b.data() + static_cast<Index>(j) * width);
    }
  };
  const auto copy_all = [&](const auto& a, auto& b, std::initializer_list<const ad::Parameter<float>*> of_items) {
    std::vector<const ad::Parameter<float>*> sources;
    ad::nn::for_each_parameter_unnamed(a, [&](const ad::Parameter<float>& p) { sources.push_back(&p); });
    std::size_t next = 0;
    ad::nn::for_each_parameter_unnamed(b, [&](ad::Parameter<float>& p) {
      const ad::Tensor<float>& value = sources[next++]->value;
      if (std::ranges::find(of_items, &p) == of_items.end())
        std::copy_n(value.data(), value.size(), p.value.data());
      else
        copy_rows(value, p.value, p.value.rows() == 1 ? 1 : p.value.cols());
    });
  };
  copy_all(source.encoder, to.encoder, {&to.encoder.fc1.weight});
  if (from.old_encoder && to_old) copy_all(*from.old_encoder, *to_old, {&to_old->fc1.weight});
  copy_all(source.decoder, to.decoder, {&to.decoder.weight, &to.decoder.bias});
  return mapping;
}

bool reorder_items(LoadedModel& loaded, const std::vector<std::string>& item_tokens) {
  if (loaded.item_tokens == item_tokens) return true;
  const data::Vocabulary wanted(item_tokens);
  const auto unknown = [&](const std::string& token) { return wanted.find(token) < 0; };
  if (loaded.item_tokens.size() != item_tokens.size() || std::ranges::any_of(loaded.item_tokens, unknown)) return false;
  const Architecture layers = architecture(loaded.model);
  const Index items = loaded.model.items();
  RecVae<float> ordered = make_model(layers, items, ad::nn::Init::zero, 0);
  std::optional<Encoder<float>> old;
  if (loaded.old_encoder) old = make_encoder(layers, items, ad::nn::Init::zero, 0);
  take_over(loaded, ordered, old, item_tokens);
  loaded.model = std::move(ordered);
  if (loaded.old_encoder) loaded.old_encoder = std::move(old);
  loaded.item_tokens = item_tokens;
  return true;
}

}  // namespace recvae
