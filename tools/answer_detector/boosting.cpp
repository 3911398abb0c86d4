#include "boosting.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace callramp::tools {

namespace {

constexpr int bins = 48;
using Edges = std::array<std::vector<float>, voice::feature_count>;

Edges edges_of(const std::vector<Example>& examples) {
  Edges edges;
  std::vector<float> values;
  for (std::size_t f = 0; f < voice::feature_count; ++f) {
    values.clear();
    for (std::size_t i = 0; i < examples.size(); i += 1 + examples.size() / 20000)
      values.push_back(examples[i].values[f]);
    std::sort(values.begin(), values.end());
    for (int b = 1; b < bins; ++b) {
      const float edge = values[values.size() * static_cast<std::size_t>(b) / bins];
      if (edge > values.front() && (edges[f].empty() || edge > edges[f].back())) edges[f].push_back(edge);
    }
  }
  return edges;
}

struct Sums {
  double gradient = 0;
  double hessian = 0;
};

struct Node {
  int feature = -1;
  float value = 0;
  int bin = 0;
  int left = 0;
  int right = 0;
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

class Grower {
 public:
  Grower(const std::vector<Example>& examples, const BoostingSettings& settings)
      : examples_(examples), settings_(settings), edges_(edges_of(examples)), binned_(examples.size()) {
    for (std::size_t i = 0; i < examples.size(); ++i)
      for (std::size_t f = 0; f < voice::feature_count; ++f)
        binned_[i][f] = static_cast<std::uint8_t>(
            std::upper_bound(edges_[f].begin(), edges_[f].end(), examples[i].values[f]) - edges_[f].begin());
  }

  std::vector<Node> grow(const std::vector<Sums>& slopes, const std::vector<std::uint32_t>& rows,
                         const std::vector<int>& features) {
    nodes_.clear();
    split(slopes, rows, features, 0);
    return nodes_;
  }
  float value(const std::vector<Node>& tree, std::size_t row) const {
    int at = 0;
    while (tree[static_cast<std::size_t>(at)].feature >= 0) {
      const Node& node = tree[static_cast<std::size_t>(at)];
      at = binned_[row][static_cast<std::size_t>(node.feature)] <= node.bin ? node.left : node.right;
    }
    return tree[static_cast<std::size_t>(at)].value;
  }

 private:
  int split(const std::vector<Sums>& slopes, const std::vector<std::uint32_t>& rows, const std::vector<int>& features,
            int depth) {
    const int index = static_cast<int>(nodes_.size());
    nodes_.push_back({});
    Sums all;
    for (const auto row : rows) all.gradient += slopes[row].gradient, all.hessian += slopes[row].hessian;
    const auto gain_of = [&](const Sums& s) {
      return s.gradient * s.gradient / (s.hessian + settings_.regularisation);
    };
    double best_gain = 1e-3;
    Node best;
    if (depth < settings_.depth) {
      for (const int f : features) {
        std::array<Sums, bins + 1> histogram{};
        for (const auto row : rows) {
          Sums& sums = histogram[binned_[row][static_cast<std::size_t>(f)]];
          sums.gradient += slopes[row].gradient, sums.hessian += slopes[row].hessian;
        }
        Sums left;
        const auto& edges = edges_[static_cast<std::size_t>(f)];
        for (std::size_t b = 0; b < edges.size(); ++b) {
          left.gradient += histogram[b].gradient, left.hessian += histogram[b].hessian;
          const Sums right{all.gradient - left.gradient, all.hessian - left.hessian};
          if (std::min(left.hessian, right.hessian) < settings_.least_leaf_weight / 4) continue;
          const double gain = gain_of(left) + gain_of(right) - gain_of(all);
          if (gain <= best_gain) continue;
          best_gain = gain;
          best = {.feature = f, .value = edges[b], .bin = static_cast<int>(b)};
        }
      }
    }
    if (best.feature < 0) {
      nodes_[static_cast<std::size_t>(index)].value =
          static_cast<float>(-settings_.rate * all.gradient / (all.hessian + settings_.regularisation));
      return index;
    }
    std::vector<std::uint32_t> left, right;
    for (const auto row : rows)
      (binned_[row][static_cast<std::size_t>(best.feature)] <= best.bin ? left : right).push_back(row);
    best.left = split(slopes, left, features, depth + 1);
    best.right = split(slopes, right, features, depth + 1);
    nodes_[static_cast<std::size_t>(index)] = best;
    return index;
  }

  const std::vector<Example>& examples_;
  const BoostingSettings& settings_;
  Edges edges_;
  std::vector<std::array<std::uint8_t, voice::feature_count>> binned_;
  std::vector<Node> nodes_;
};

}  // namespace

std::string boosted(const std::vector<Example>& examples, std::uint32_t clips, const BoostingSettings& settings,
                    Random& random) {
  double positive = 0;
  double total = 0;
  for (const auto& example : examples) positive += example.label * example.weight, total += example.weight;
  const double base = std::log(positive / (total - positive));
  std::vector<double> scores(examples.size(), base);
  std::vector<Sums> slopes(examples.size());
  Grower grower(examples, settings);
  std::string text = "base " + number(base) + "\n";
  for (int t = 0; t < settings.trees; ++t) {
    std::vector<bool> chosen(clips);
    for (std::uint32_t c = 0; c < clips; ++c) chosen[c] = random.uniform() < settings.share_of_clips;
    std::vector<int> features;
    for (int f = 0; f < static_cast<int>(voice::feature_count); ++f)
      if (random.uniform() < settings.share_of_features) features.push_back(f);
    std::vector<std::uint32_t> rows;
    for (std::uint32_t i = 0; i < examples.size(); ++i) {
      if (!chosen[examples[i].clip]) continue;
      rows.push_back(i);
      const double p = 1 / (1 + std::exp(-scores[i]));
      slopes[i] = {examples[i].weight * (p - examples[i].label), examples[i].weight * p * (1 - p)};
    }
    const auto tree = grower.grow(slopes, rows, features);
    for (std::size_t i = 0; i < examples.size(); ++i) scores[i] += grower.value(tree, i);
    text += "tree\n";
    for (const auto& node : tree) {
      if (node.feature < 0) {
        text += "leaf " + number(node.value) + "\n";
      } else {
        text += "split " + std::string(voice::feature_names[static_cast<std::size_t>(node.feature)]) + " " +
                number(node.value) + " " + std::to_string(node.left) + " " + std::to_string(node.right) + "\n";
      }
    }
  }
  return text;
}

Calibration calibrated(const std::vector<float>& scores, const std::vector<Example>& examples) {
  Calibration c;
  for (int step = 0; step < 50; ++step) {
    double ga = 0, gb = 0, haa = 1e-3, hab = 0, hbb = 1e-3;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double p = 1 / (1 + std::exp(-(c.scale * scores[i] + c.shift)));
      const double e = examples[i].weight * (p - examples[i].label);
      const double h = examples[i].weight * p * (1 - p);
      ga += e * scores[i], gb += e;
      haa += h * scores[i] * scores[i], hab += h * scores[i], hbb += h;
    }
    const double det = haa * hbb - hab * hab;
    c.scale -= (hbb * ga - hab * gb) / det;
    c.shift -= (haa * gb - hab * ga) / det;
  }
  return c;
}

}  // namespace callramp::tools
