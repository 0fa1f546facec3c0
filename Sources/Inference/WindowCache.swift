import Networks

#if canImport(Glibc)
  import Glibc
#endif

/// What a stream of windows keeps from each to the next: the frames of layers that are used again.
///
/// Every kept layer has its frames and room for a few hops more. A hop moves the window on within that, so
/// that what is used again stays where it is; only when the room is used up are frames moved back to its beginning.
@safe package final class WindowCache {
  /// Bytes it takes.
  package let byteCount: Int

  private let layout: Layout
  private let memory: AlignedMemory
  /// Frames of the clip that the window has moved within the room; `nil` while no window's values are there.
  private var moved: Int?
  /// Steps since the stream began, where windows are continual.
  private(set) var steps = 0

  /// Where the kept layers lie, in clips of one network.
  struct Layout {
    struct Layer {
      var offset: Int
      var frameBytes: Int
      /// Frames of the clip from one of its frames to the next.
      var scale: Int
      var reusable: Range<Int>
    }

    /// By node.
    private(set) var layers: [Int: Layer] = [:]
    private(set) var byteCount = 0
    /// Frames of the clip that a window can move before it is moved back.
    let room: Int

    /// - Parameters:
    ///   - frames: what is kept of each layer.
    ///   - graph: the network.
    ///   - numbers: number format of each node's output.
    ///   - hop: frames from one window to the next.
    init(_ frames: [LayerFrames], _ graph: NetworkGraph, _ numbers: Numbers, hop: Int) {
      // Half a window: memory for less copying, at most once in so many hops.
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

  /// True when a window's values are there.
  var isFilled: Bool { moved != nil }

  /// Makes place for a window that begins anew; nothing counts as there until `complete`.
  func begin() { moved = nil }

  /// Makes place for the window that begins `shift` frames after the last one.
  ///
  /// - Precondition: it is filled, and `shift` is a multiple of the hop.
  func move(by shift: Int) {
    guard let before = moved else { preconditionFailure("nothing to go on from") }
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

  /// A stream begins: what lies before it is zeros.
  func beginStream() {
    unsafe memory.base.initializeMemory(as: UInt8.self, repeating: 0, count: memory.byteCount)
    (moved, steps) = (0, 0)
  }

  /// Makes place for the next step of a stream.
  func step(by hop: Int) {
    move(by: hop)
    steps += 1
  }

  /// Sets a kept layer's first frames to zeros, as what lies before the stream's beginning.
  func clear(_ frames: Int, ofNode node: Int) {
    guard let layer = layout.layers[node] else { return }
    unsafe address(ofNode: node).initializeMemory(as: UInt8.self, repeating: 0, count: frames * layer.frameBytes)
  }

  /// A window's values are there.
  func complete() { moved = moved ?? 0 }

  /// Where a kept layer's first frame of the present window is.
  func address(ofNode node: Int) -> UnsafeMutableRawPointer {
    guard let layer = layout.layers[node] else { preconditionFailure("node \(node) is not kept") }
    return unsafe memory.base + layer.offset + (moved ?? 0) / layer.scale * layer.frameBytes
  }
}
