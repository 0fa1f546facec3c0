/// A trainer's source of batches: decoded recordings, or existing tensors.
package protocol BatchSource {
  /// Number of batches per epoch for each rank.
  var batchesPerEpoch: Int { get }

  /// An epoch's batches for this rank.
  ///
  /// The same epoch always gives the same batches in the same order.
  ///
  /// - Parameters:
  ///   - epoch: from 0.
  ///   - first: number of batches to skip at the start.
  /// - Returns: the remaining batches.
  /// - Throws: if they cannot be opened.
  func batches(epoch: Int, from first: Int) throws -> any BatchSequence

  /// Validation clips, always the same; `nil` if there are none.
  func validation() throws -> (any BatchSequence)?
}

/// A sequence of batches.
package protocol BatchSequence: AnyObject {
  /// The next batch; `nil` after the last.
  ///
  /// - Throws: if too many clips cannot be read.
  func next() throws -> Batch?

  /// How long callers have waited in `next`.
  var waited: Duration { get }

  /// Clips skipped so far, each with its reason.
  var skipped: [(name: String, reason: String)] { get }
}
