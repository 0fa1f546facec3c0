import COneDNN
import Networks

extension NetworkPlan {
  /// The Non-Local block in float32: queries, keys and values as matrices with one row per position.
  ///
  /// With few keys, the embeddings of queries and of the result are applied on their side: (X θ) φᵀ = X (φ θᵀ)ᵀ, and (A
  /// g) W = A (g W). That is the same function with a third of the products.
  ///
  /// - Parameters:
  ///   - name: the endpoint.
  ///   - block: the block to compute.
  ///   - from: the location of the input.
  ///   - source: the input tensor.
  ///   - output: the location for the result.
  ///   - parameters: the source of the weights.
  /// - Throws: `InferenceError`.
  mutating func attend(
    _ name: String, _ block: NonLocalBlock, _ from: Place, _ source: Tensor, to output: Place,
    _ parameters: some ParameterSource
  ) throws(InferenceError) {
    let extent = source.shape.extent
    let (queries, keys) = (extent.count, block.keyExtent(extent).count)
    func folded(_ layer: [ParameterDescription], _ normalization: BatchNormalization? = nil) -> LayerWeights {
      LayerWeights(weight: layer[0], bias: layer[1], normalization: normalization, from: parameters)
    }
    let (theta, out) = (folded(block.theta), folded(block.output, block.normalization))
    let keyed = try sampled(name, embedding(name, folded(block.phi), block, from, source), block, extent)
    let valued = try sampled(name, embedding(name, folded(block.g), block, from, source), block, extent)
    let scores = make(.matrix(rows: queries, columns: keys))
    let attention = make(tensors[scores.tensor])
    endpoints[name + ".attention"] = attention.tensor
    let softmax = try Kernel.softmax(name, rows: queries, columns: keys)

    let (inner, outer) = (rows(block.inner, keys), rows(block.channels, keys))
    if keys * (block.inner + queries) < queries * block.inner {
      let moved = make(outer)
      try convolve(name, keyed, inner, moved, outer, Self.point, finish: ODN_AS_IS, theta.transposed())
      // The queries' bias, as an offset to each key's score.
      let offsets = make(rows(1, keys))
      try convolve(name, keyed, inner, offsets, rows(1, keys), Self.point, finish: ODN_AS_IS, theta.biasAsWeights())
      try multiply(
        name, from, moved, plus: offsets, transposed: true, rows: queries, inner: block.channels, columns: keys,
        to: scores)
      add(name, .kernel(softmax), from: [scores], to: attention)
      let values = make(outer)
      try convolve(name, valued, inner, values, outer, Self.point, finish: ODN_AS_IS, out.withoutBias())
      add(name, .copy, from: [from], to: output)
      let product = try Kernel.product(
        name, rows: queries, inner: keys, columns: block.channels, transposed: false, hasBias: true, adds: true)
      try product.load(bias: weights.bias(of: out))
      add(
        name, .kernel(product), from: [attention, values], to: output, work: queries * keys * block.channels)
      return
    }
    let embedded = try embedding(name, theta, block, from, source)
    try multiply(
      name, embedded, keyed, transposed: true, rows: queries, inner: block.inner, columns: keys, to: scores)
    add(name, .kernel(softmax), from: [scores], to: attention)
    let attended = make(rows(block.inner, queries))
    try multiply(
      name, attention, valued, transposed: false, rows: queries, inner: keys, columns: block.inner, to: attended)
    add(name, .copy, from: [from], to: output)
    try convolve(
      name, attended, rows(block.inner, queries), output, rows(block.channels, queries), Self.point,
      finish: ODN_ADD_TO_DESTINATION, out)
  }

  private static let point = odn_window(Extent(1))

  /// A tensor of `count` rows, with one position per row.
  private func rows(_ channels: Int, _ count: Int) -> Tensor {
    Tensor(shape: ActivationShape(channels: channels, extent: Extent(count, 1, 1)), scalar: .f32)
  }

  private mutating func embedding(
    _ name: String, _ layer: LayerWeights, _ block: NonLocalBlock, _ from: Place, _ source: Tensor
  ) throws(InferenceError) -> Place {
    let tensor = Tensor(
      shape: ActivationShape(channels: block.inner, extent: source.shape.extent), scalar: .f32)
    let to = make(tensor)
    try convolve(name, from, source, to, tensor, Self.point, finish: ODN_AS_IS, layer)
    return to
  }

  /// Keys or values, as sampled by the block.
  private mutating func sampled(
    _ name: String, _ place: Place, _ block: NonLocalBlock, _ extent: Extent
  ) throws(InferenceError) -> Place {
    guard block.subSampled else { return place }
    func embedded(_ extent: Extent) -> Tensor {
      Tensor(shape: ActivationShape(channels: block.inner, extent: extent), scalar: .f32)
    }
    let window = odn_window(Extent(1, 2, 2), stride: Extent(1, 2, 2))
    let kernel = try Kernel.maxPool(name, from: embedded(extent), to: embedded(block.keyExtent(extent)), window)
    let to = make(embedded(block.keyExtent(extent)))
    add(name, .kernel(kernel), from: [place], to: to)
    return to
  }
}
