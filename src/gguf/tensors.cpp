#include "gguf/tensors.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "gguf/checked.h"
#include "gguf/tensor_type.h"

namespace threadrunner::gguf {
namespace {

constexpr std::uint32_t dimensions_max = 4;  // GGML_MAX_DIMS
constexpr std::size_t name_bytes_max = 63;   // GGML_MAX_NAME, less its zero

// Name's length, dimension count, type, offset: no tensor takes less.
constexpr std::uint64_t description_bytes_min = 8 + 4 + 4 + 8;

struct Tensor {
    std::string name;
    std::uint64_t row_elements = 1;
    std::uint64_t elements = 1;
    std::uint32_t type = 0;
    std::uint64_t offset = 0;  ///< in the tensor data
};

Tensor read_tensor(Reader& reader) {
    Tensor tensor{.name = utf8_repair(reader.text(name_bytes_max))};
    const auto dimensions = reader.number<std::uint32_t>();
    if (dimensions > dimensions_max) {
        reader.refuse_implausible("a tensor of " + std::to_string(dimensions) + " dimensions");
    }
    for (std::uint32_t i = 0; i < dimensions && reader.ok(); ++i) {
        const auto length = reader.number<std::uint64_t>();
        if (i == 0) {
            tensor.row_elements = length;
        }
        tensor.elements = saturating_multiply(tensor.elements, length);
    }
    tensor.type = reader.number<std::uint32_t>();
    tensor.offset = reader.number<std::uint64_t>();
    return tensor;
}

std::uint64_t bytes_of(const Tensor& tensor, const TensorType& type, Reader& reader) {
    const std::uint64_t bytes =
        saturating_multiply(tensor.elements / type.block_elements, type.block_bytes);
    if (tensor.elements == saturated || saturating_add(tensor.offset, bytes) == saturated) {
        reader.refuse_implausible("a tensor '" + tensor.name + "' beyond any size");
    } else if (tensor.row_elements % type.block_elements != 0) {
        reader.refuse_implausible("a tensor '" + tensor.name + "' with rows of " +
                                  std::to_string(tensor.row_elements) + " elements, which " +
                                  std::string(type.name) + " cannot pack");
    }
    return bytes;
}

}  // namespace

TensorSummary read_tensors(Reader& reader, std::uint64_t count) {
    reader.check_count(count, limits::gguf_tensors_max, description_bytes_min, "tensors");
    TensorSummary sum{.count = count};
    std::map<std::string_view, std::uint64_t> bytes_by_type;
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        const Tensor tensor = read_tensor(reader);
        sum.elements = saturating_add(sum.elements, tensor.elements);
        const TensorType* type = find_tensor_type(tensor.type);
        if (type == nullptr) {
            continue;  // a newer ggml's: the engine, which may be newer than we are, will judge
        }
        const std::uint64_t bytes = bytes_of(tensor, *type, reader);
        sum.bytes = saturating_add(sum.bytes, bytes);
        sum.extent_bytes = std::max(sum.extent_bytes, saturating_add(tensor.offset, bytes));
        std::uint64_t& of_type = bytes_by_type[type->name];
        of_type = saturating_add(of_type, bytes);
        if (sum.main_type.empty() || of_type > bytes_by_type[sum.main_type]) {
            sum.main_type = type->name;
        }
    }
    return sum;
}

}  // namespace threadrunner::gguf
