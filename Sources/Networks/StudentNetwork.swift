/// The network used live: I3D trunk, Non-Local block, classification head; RGB only.
///
/// It describes both a VPN++ student (`nonLocal: .subSampled, head: .stepClassifier`) and a published I3D classifier
/// (`nonLocal: .none, head: .meanOverSteps`).
///
/// - Source: methods.md 1, 2 and 7.1.
package struct StudentNetwork: Hashable, Sendable {
  /// The attention block after Mixed_5c; `none` is the identity.
  package enum NonLocal: String, Codable, Hashable, Sendable, CaseIterable {
    case none
    case subSampled = "sub_sampled"
    case full
  }

  /// How per-step logits are combined into the clip's logits.
  package enum Head: String, Codable, Hashable, Sendable, CaseIterable {
    /// A fully connected layer on classes x steps.
    case stepClassifier = "fc"
    /// The mean over steps, as in published I3D classifiers.
    case meanOverSteps = "mean"
  }

  /// Factor on every layer's channels; 1 is the published network.
  package let width: WidthMultiplier
  /// Frames per clip for which the head was made: a multiple of 8, at least 16.
  package let frames: Int
  /// Height and width of the input in pixels, 112 to 320.
  package let size: Int
  package let classes: Int
  package let nonLocal: NonLocal
  package let head: Head

  /// - Throws: `NetworkError` that names the value out of range.
  package init(
    width: WidthMultiplier = .full, frames: Int = 64, size: Int = 224, classes: Int, nonLocal: NonLocal = .subSampled,
    head: Head = .stepClassifier
  ) throws(NetworkError) {
    func check(_ field: String, _ value: String, _ allowed: String, _ holds: Bool) throws(NetworkError) {
      guard holds else { throw .outOfRange(field: field, value: value, allowed: allowed) }
    }
    try check("width", "\(width.value)", "0.0625 to 4", (0.0625...4).contains(width.value))
    try check("frames", "\(frames)", "a multiple of 8 from 16 to 512", frames % 8 == 0 && (16...512).contains(frames))
    try check("size", "\(size)", "112 to 320", (112...320).contains(size))
    try check("classes", "\(classes)", "1 to 2000", (1...2000).contains(classes))
    self.width = width
    self.frames = frames
    self.size = size
    self.classes = classes
    self.nonLocal = nonLocal
    self.head = head
  }

  /// Steps of the head: pooled time positions of one clip, 7 for 64 frames.
  package var steps: Int { frames / 8 - 1 }

  /// The same network for another clip length or picture size.
  ///
  /// The head keeps its steps and slides over a longer clip, giving one set of logits per position (fully convolutional
  /// form); `size` only changes what is pooled.
  ///
  /// - Throws: `NetworkError` if the clip is shorter than the head or out of range.
  package func graph(frames clipFrames: Int? = nil, size clipSize: Int? = nil) throws(NetworkError) -> NetworkGraph {
    let clip = try StudentNetwork(
      width: width, frames: clipFrames ?? frames, size: clipSize ?? size, classes: classes, nonLocal: nonLocal,
      head: head)
    guard head == .meanOverSteps || clip.steps >= steps else {
      throw .outOfRange(
        field: "frames", value: "\(clip.frames)", allowed: "at least \(frames), which this model's fc layer spans")
    }

    var graph = NetworkGraph()
    let input = graph.append(
      Endpoint.input, .input, from: [],
      shape: ActivationShape(channels: 3, extent: Extent(clip.frames, clip.size, clip.size)))
    var last = I3D.append(to: &graph, from: input, width: width)
    let features = graph.nodes[last].shape
    if nonLocal != .none {
      let block = NonLocalBlock(
        subSampled: nonLocal == .subSampled, channels: features.channels, inner: features.channels / 2)
      last = graph.append(Endpoint.nonLocal, .nonLocal(block), from: [last], shape: features)
    }
    let window = Extent(2, features.extent.height, features.extent.width)
    let pooled = Extent(features.extent.frames - 1, 1, 1)
    last = graph.append(
      Endpoint.averagePool, .averagePool(window: window), from: [last],
      shape: ActivationShape(channels: features.channels, extent: pooled))
    let classifier = Convolution3D(
      name: "logits.conv3d", inputs: features.channels, outputs: classes, kernel: Extent(1), stride: Extent(1),
      hasBias: true, normalization: nil, hasReLU: false)
    last = graph.append(
      Endpoint.stepLogits, .convolution(classifier), from: [last],
      shape: ActivationShape(channels: classes, extent: pooled))
    switch head {
    case .stepClassifier:
      _ = graph.append(
        Endpoint.logits, .stepClassifier(StepClassifier(classes: classes, steps: steps)), from: [last],
        shape: ActivationShape(channels: classes, extent: Extent(clip.steps - steps + 1, 1, 1)))
    case .meanOverSteps:
      _ = graph.append(
        Endpoint.logits, .meanOverSteps, from: [last],
        shape: ActivationShape(channels: classes, extent: Extent(1, 1, 1)))
    }
    return graph
  }

  /// Names of the endpoints that are not layers with published names.
  package enum Endpoint {
    package static let input = "input"
    /// The Non-Local block's output z, [C, T/8, H/32, W/32].
    package static let nonLocal = "NonLocal"
    package static let averagePool = "AvgPool"
    /// Logits of each step, [K, S, 1, 1].
    package static let stepLogits = "StepLogits"
    /// Logits of each head position, [K, P, 1, 1]; P is 1 for a clip of the model's own length.
    package static let logits = "logits"
  }
}

extension StudentNetwork: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case architecture, width, frames, size, classes
    case nonLocal = "non_local"
    case head
  }

  /// The only architecture this description covers; files that name another are rejected.
  private static let architecture = "i3d"

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let architecture = try values.decode(String.self, forKey: .architecture)
    guard architecture == Self.architecture else {
      throw NetworkError.outOfRange(field: "architecture", value: architecture, allowed: Self.architecture)
    }
    try self.init(
      width: WidthMultiplier(values.decode(Double.self, forKey: .width)),
      frames: values.decode(Int.self, forKey: .frames),
      size: values.decode(Int.self, forKey: .size),
      classes: values.decode(Int.self, forKey: .classes),
      nonLocal: values.decode(NonLocal.self, forKey: .nonLocal),
      head: values.decode(Head.self, forKey: .head))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(Self.architecture, forKey: .architecture)
    try values.encode(width.value, forKey: .width)
    try values.encode(frames, forKey: .frames)
    try values.encode(size, forKey: .size)
    try values.encode(classes, forKey: .classes)
    try values.encode(nonLocal, forKey: .nonLocal)
    try values.encode(head, forKey: .head)
  }
}

/// A description that does not correspond to any network.
package enum NetworkError: Error, Equatable, CustomStringConvertible {
  case outOfRange(field: String, value: String, allowed: String)

  package var description: String {
    switch self {
    case .outOfRange(let field, let value, let allowed): "network \(field) is \(value); it must be \(allowed)"
    }
  }
}
