import Networks

#if canImport(Glibc)
  import Glibc
#endif

/// What a stream keeps from one window to the next: frames of layers that are reused.
///
/// Each kept layer has its frames and room for a few more hops. A hop moves the window forward within that room, so
/// reused frames stay in place; only when the room is used up are they moved back to the start.
@safe package final class WindowCache {
  /// Size in bytes.
  package let byteCount: Int

  private let layout: Layout
  private let memory: AlignedMemory
  /// How far the window has moved within the room, in frames of the clip; `nil` if it contains no window's values.
  private var moved: Int?
  /// Steps since the stream started, for continual windows.
  private(set) var steps = 0

  /// Where the kept layers are placed, for clips of one network.
  struct Layout {
    struct Layer {
      var offset: Int
      var frameBytes: Int
      /// The distance between two of its frames, in frames of the clip.
      var scale: Int
      var reusable: Range<Int>
    }

    /// Layers by node.
    private(set) var layers: [Int: Layer] = [:]
    private(set) var byteCount = 0
    /// How far a window can move before it is moved back, in frames of the clip.
    let room: Int

    /// - Parameters:
    ///   - frames: which frames of each layer are kept.
    ///   - graph: the network.
    ///   - numbers: the number format of each node's output.
    ///   - hop: frames between two windows.
    init(_ frames: [LayerFrames], _ graph: NetworkGraph, _ numbers: Numbers, hop: Int) {
      // Half a window: trades memory for less copying, at most once per so many hops.
      room = max(hop, graph.nodes[0].shape.extent.frames / 2 / hop * hop)
      for (index, node) in graph.nodes.enumerated() where frames[index].isKept {
        let layer = frames[index]
        let frameBytes = numbers.tensor(index, node.shape).frameBytes
        let bytes = frameBytes * (layer.frames + room / layer.scale)
        layers[index] = Layer(
          offset: byteCount, frameBytes: frameBytes, scale: layer.scale, reusable: layer.reusable)
        byteCount += (bytes + 63) / 64 * 64
      }
    }
  }

  init(_ layout: Layout) throws(InferenceError) {
    self.layout = layout
    memory = try AlignedMemory(byteCount: layout.byteCount)
    byteCount = memory.byteCount
  }

  /// True if it contains a window's values.
  var isFilled: Bool { moved != nil }

  /// Prepares for an unrelated window; its contents count as invalid until `complete`.
  func begin() { moved = nil }

  /// Prepares for the window that starts `shift` frames after the last one.
  ///
  /// - Precondition: it is filled, and `shift` is a multiple of the hop.
  func move(by shift: Int) {
    guard let before = moved else { preconditionFailure("nothing to continue from") }
    moved = before + shift
    guard before + shift > layout.room else { return }
    for layer in layout.layers.values {
      let steps = shift / layer.scale
      let count = layer.reusable.count - steps
      guard count > 0 else { continue }
      let from = (before / layer.scale + layer.reusable.lowerBound + steps) * layer.frameBytes
      let to = layer.reusable.lowerBound * layer.frameBytes
      unsafe memmove(
        memory.base + layer.offset + to, memory.base + layer.offset + from, count * layer.frameBytes)
    }
    moved = 0
  }

  /// Starts a stream: everything before it is zero.
  func beginStream() {
    unsafe memory.base.initializeMemory(as: UInt8.self, repeating: 0, count: memory.byteCount)
    (moved, steps) = (0, 0)
  }

  /// Prepares for the next step of a stream.
  func step(by hop: Int) {
    move(by: hop)
    steps += 1
  }

  /// Sets a kept layer's first frames to zero, because they lie before the stream's start.
  func clear(_ frames: Int, ofNode node: Int) {
    guard let layer = layout.layers[node] else { return }
    unsafe address(ofNode: node).initializeMemory(as: UInt8.self, repeating: 0, count: frames * layer.frameBytes)
  }

  /// Marks the window's values as valid.
  func complete() { moved = moved ?? 0 }

  /// The address of a kept layer's first frame in the current window.
  func address(ofNode node: Int) -> UnsafeMutableRawPointer {
    guard let layer = layout.layers[node] else { preconditionFailure("node \(node) is not kept") }
    return unsafe memory.base + layer.offset + (moved ?? 0) / layer.scale * layer.frameBytes
  }
}
