#pragma once
#include <vector>

namespace shop {

/// A basket.
template <typename T>
class EXPORT Basket final : public Base<T> {
 public:
  explicit Basket(int size) : size_(size) {}
  ~Basket() override;

  bool operator==(const Basket& other) const {
    return size_ == other.size_;
  }

  // Adds one.
  void add(T item);

 private:
  int size_ = 1'000'000;
};

namespace detail {
const char* kText = R"x(
  void notHere() {
)x";
}  // namespace detail

enum class Color { kRed, kGreen };

template <typename T>
void Basket<T>::add(T item) {
  auto f = [&](int x) {
    return x;
  };
  items_.push_back(f(item));
}

Basket::~Basket() {
  clear();
}

}  // namespace shop
