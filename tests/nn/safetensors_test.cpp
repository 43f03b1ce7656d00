#include <filesystem>

#include "../support/check_op.h"
#include "../support/temp_dir.h"
#include "nn/half.h"
#include "nn/nn.h"

using recvae::test::read_file;
using recvae::test::TempDir;

namespace {

struct Net {
  ad::nn::SparseLinear<float> fc1{53, 24, 1};
  ad::nn::Linear<float> fc2{24, 5, 2};
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f("fc1", self.fc1);
    f("fc2", self.fc2);
  }
};

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), 8) + header + data;
}

std::string error_of(const std::string& path) {
  try {
    ad::nn::SafetensorsReader reader(path);
    reader.read<float>("x");
  } catch (const ad::Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("safetensors: what is written is read back, in files' shapes, the same bytes each time") {
  const TempDir dir;
  const Net net;
  const std::string path = dir.path("net.safetensors");
  std::vector<ad::nn::NamedTensor<float>> list;
  ad::nn::append_parameters(list, net, "net");
  ad::nn::write_safetensors(path, list, {{"format", "test"}, {"tokens", "[\"a\\\"b\"]"}});
  ad::nn::write_safetensors(dir.path("again"), list, {{"tokens", "[\"a\\\"b\"]"}, {"format", "test"}});
  CHECK(read_file(path) == read_file(dir.path("again")));
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 2);

  ad::nn::SafetensorsReader reader(path);
  CHECK(reader.metadata().at("tokens") == "[\"a\\\"b\"]");
  CHECK(reader.tensors().at("net.fc1.weight").shape == std::vector<ad::Index>{24, 53});  // PyTorch's [out, in]
  CHECK(reader.tensors().at("net.fc2.bias").shape == std::vector<ad::Index>{5});
  Net other;
  other.fc1.weight.value.fill(0);
  other.fc2.bias.value.fill(0);
  ad::nn::read_parameters(reader, other, "net");
  CHECK(test::distance(other.fc1.weight.value, net.fc1.weight.value) == 0);
  CHECK(test::distance(other.fc2.bias.value, net.fc2.bias.value) == 0);
  const ad::Tensor<double> as_file = reader.read<double>("net.fc1.weight");
  CHECK(as_file(23, 52) == net.fc1.weight.value(52, 23));
}

TEST_CASE("safetensors: tensors of another file are copied byte by byte; half a copy is no file") {
  const TempDir dir;
  const Net net;
  const ad::Tensor<float> large(700, 1001);  // of more than one block
  std::vector<ad::nn::NamedTensor<float>> list, copies;
  ad::nn::append_parameters(list, net, "z");
  list.push_back({"large", large.view()});
  ad::nn::append_parameters(list, net, "a");
  ad::nn::write_safetensors(dir.path("whole"), list, {});
  ad::nn::SafetensorsReader source(dir.path("whole"));
  ad::nn::append_tensors(copies, source);
  ad::nn::write_safetensors(dir.path("copy"), copies, {});
  CHECK(read_file(dir.path("copy")) == read_file(dir.path("whole")));

  std::filesystem::resize_file(dir.path("whole"), 1000000);
  CHECK_THROWS_WITH_AS(ad::nn::write_safetensors(dir.path("copy"), copies, {}),
                       doctest::Contains("whole: read error in tensor large"), ad::Error);
  CHECK(read_file(dir.path("copy")).size() > 1000000);  // what was there
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 2);
}

TEST_CASE("safetensors: half precision takes half the bytes and rounds; a number that it cannot hold is named") {
  const TempDir dir;
  Net net;
  std::vector<ad::nn::NamedTensor<float>> list;
  ad::nn::append_parameters(list, net, "net");
  const auto write = [&] { ad::nn::write_safetensors(dir.path("half"), list, {}, ad::nn::Precision::half); };
  write();
  ad::nn::write_safetensors(dir.path("full"), list, {});
  ad::nn::SafetensorsReader half(dir.path("half")), full(dir.path("full"));
  for (const auto& [name, info] : full.tensors()) {
    const ad::nn::TensorInfo& found = half.tensors().at(name);
    CHECK(found.dtype == "F16");
    CHECK(found.shape == info.shape);
    CHECK(2 * (found.end - found.begin) == info.end - info.begin);
  }
  const auto before = full.read<float>("net.fc1.weight", ad::nn::Layout::transposed);
  const auto after = half.read<float>("net.fc1.weight", ad::nn::Layout::transposed);
  for (ad::Index i = 0; i < before.size(); ++i)
    REQUIRE(after.data()[i] == static_cast<float>(ad::nn::Half(before.data()[i])));
  CHECK(half.read<double>("net.fc1.weight")(4, 7) == half.read<float>("net.fc1.weight")(4, 7));

  const std::string older = read_file(dir.path("half"));
  net.fc2.bias.value.data()[3] = -65520;
  CHECK_THROWS_WITH(write(), (dir.path("half") + ": tensor net.fc2.bias: expected numbers of at most 65504, which "
                                                 "float16 holds, found -65520.000000")
                                 .c_str());
  CHECK(read_file(dir.path("half")) == older);
}

TEST_CASE("safetensors: F64 files, as PyTorch's side wrote them") {
  ad::nn::SafetensorsReader reader(std::string(RECVAE_GOLDEN) + "/golden_gamma.safetensors");
  CHECK(reader.metadata().at("items") == "53");
  const auto x = reader.read<double>("input.x");
  CHECK(x.rows() == 7);
  CHECK(x.cols() == 53);
  const auto narrowed = reader.read<float>("input.noise");
  CHECK(narrowed(0, 0) == static_cast<float>(reader.read<double>("input.noise")(0, 0)));
}

TEST_CASE("safetensors: a file that is none, or a broken one, says what is wrong") {
  const TempDir dir;
  const auto message = [&](const std::string& content) { return error_of(dir.write("f", content)); };
  const std::string good = R"({"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})";
  CHECK(message(file_of(good, "12345678")) == "no error");
  CHECK(error_of(dir.path("none")).ends_with("none: cannot be opened"));
  CHECK(error_of(dir.path()).ends_with("cannot be opened"));  // a directory
  CHECK(message("").find("not a safetensors file, or a truncated one") != std::string::npos);
  CHECK(message("some text that is no model").find("not a safetensors file") != std::string::npos);
  CHECK(message(file_of(good, "1234")).find("truncated: tensor x ends at byte 8 of 4") != std::string::npos);
  CHECK(message(file_of(good, "123456789")).find("tensors cover 8 of 9") != std::string::npos);
  const std::string overlap =
      R"({"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"z":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})";
  CHECK(message(file_of(overlap, "1234567890123456")).find("overlap or leave a gap at byte 8") != std::string::npos);
  CHECK(message(file_of("[1]", "")).find("not a JSON object") != std::string::npos);
  CHECK(message(file_of(R"({"x":{"dtype":"F32","shape":[1,3],"data_offsets":[0,8]}})", "12345678")).find("malformed") !=
        std::string::npos);
  CHECK(message(file_of(R"({"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})", "12345678"))
            .find("malformed") != std::string::npos);
  CHECK(
      message(file_of(R"({"x":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}})", "12345678")).find("malformed") !=
      std::string::npos);
  CHECK(message(file_of(R"({"x":{"dtype":"F32","shape":[1,2],"data_offsets":[8,0]}})", "12345678")).find("malformed") !=
        std::string::npos);
  CHECK(message(file_of(R"({"x":{"dtype":"BF16","shape":[1,4],"data_offsets":[0,8]}})", "12345678"))
            .find("expected F16, F32 or F64, found BF16") != std::string::npos);
  CHECK(message(file_of(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "12345678"))
            .find("expected 2 dimensions, found 1") != std::string::npos);
  CHECK(message(file_of(R"({"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "12345678"))
            .find("tensor x is missing") != std::string::npos);
  CHECK(message(file_of(R"({"__metadata__":{"a":1}})", "")).find("__metadata__") != std::string::npos);
}

TEST_CASE("safetensors: a header made to hurt is refused at once") {
  const TempDir dir;
  const auto message = [&](const std::string& header, const std::string& data = "") {
    const std::string error = error_of(dir.write("f", file_of(header, data)));
    CHECK(error.size() < 1500);
    return error;
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  const std::string deep(80'000, '['), curly = [] {
    std::string text;
    for (int k = 0; k < 80'000; ++k) text += "{\"a\":";
    return text;
  }();
  CHECK(has(message(deep), "not a JSON object"));
  CHECK(has(message("{\"x\":" + deep), "tensor x: the header's entry is malformed"));
  CHECK(has(message(curly), "tensor a: the header's entry is malformed"));
  CHECK(has(message("{\"__metadata__\":" + curly), "__metadata__ is not an object of strings"));
  CHECK(has(message(R"({"x":{"dtype":"F32","shape":[[1],2],"data_offsets":[0,8]}})"), "malformed"));

  std::string keys = "{";  // many are read in linear time, and too many are refused
  for (int k = 0; k < 100'001; ++k) {
    keys += (k ? ",\"" : "\"") + std::to_string(k) + R"(":{"dtype":"F32","shape":[0,2],"data_offsets":[0,0]})";
  }
  CHECK(has(message(keys + "}"), "has more than 100000 tensors"));
  CHECK(has(message("{\"" + std::string(5000, 'k') + "\":1}"), "has a name of 5000 bytes, expected at most 1024"));

  const std::string entry = R"({"dtype":"F32","shape":[1,2],"data_offsets":[0,8]})";
  CHECK(has(message("{\"x\":" + entry + ",\"x\":" + entry + "}", "12345678"), "has the name x twice"));
  CHECK(has(message(R"({"__metadata__":{"a":"1","a":"2"}})"), "has the name a twice"));
  CHECK(has(message(R"({"__metadata__":{},"__metadata__":{}})"), "has the name __metadata__ twice"));
  CHECK(has(message(R"({"x":{"dtype":"F32","dtype":"F32","shape":[1,2],"data_offsets":[0,8]}})"), "malformed"));
  CHECK(has(message(R"({"x":{"dtype":"F32","shape":[2305843009213693952,0],"data_offsets":[0,0]}})"), "malformed"));
  CHECK(has(message(R"({"x":{"dtype":"F32","shape":[0,1152921504606846976,16],"data_offsets":[0,0]}})"), "malformed"));
  CHECK(message(R"({"x":{"dtype":"F32","shape":[1152921504606846976,0],"data_offsets":[0,0]}})") == "no error");
  CHECK(has(message(R"({"x":{"dtype":"F32","shape":[1,18446744073709551616],"data_offsets":[0,8]}})"), "malformed"));
  CHECK(has(message(R"({"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8,8]}})"), "malformed"));
  CHECK(has(message(R"({"x":{"dtype":"F32","data_offsets":[0,8]}})"), "malformed"));
  CHECK(has(message(R"({"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]})"), "not JSON at byte"));
  CHECK(has(message("{\"\xff\":1}"), "not JSON at byte"));
}

TEST_CASE("safetensors: shapes that do not fit a module, a path that cannot be written, text that is not UTF-8") {
  const TempDir dir;
  const Net net;
  std::vector<ad::nn::NamedTensor<float>> list;
  ad::nn::append_parameters(list, net.fc2, "fc1");
  ad::nn::write_safetensors(dir.path("f"), list, {});
  ad::nn::SafetensorsReader reader(dir.path("f"));
  Net other;
  CHECK_THROWS_AS(ad::nn::read_parameters(reader, other, ""), ad::ShapeError);
  CHECK_THROWS_AS(ad::nn::write_safetensors(dir.path("f/below-a-file"), list, {}), ad::Error);
  CHECK_THROWS_AS(ad::nn::write_safetensors(dir.path("g"), list, {{"a", "\xff"}}), ad::Error);
  CHECK_FALSE(std::filesystem::exists(dir.path("g")));
}
