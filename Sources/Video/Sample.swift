/// What is known of one sample besides its pixels.
package struct Sample: Equatable, Sendable {
  /// Its number since the stream began; goes on over gaps.
  package var index: Int
  /// The tick it stands for.
  package var time: Duration
  /// When the frame it shows was taken.
  package var frameTime: Duration
  /// The frame's own number.
  package var sequence: Int
  /// True for the first after the start, a gap or a jump of the clock: a window may begin here but not cross it.
  package var beginsRun: Bool
  /// True when it shows the same frame as the sample before.
  package var isRepeat: Bool
  /// Frames that were lost between the stream's beginning and this sample's frame; see `FrameSampler.Counters.lost`.
  package var lostBefore: Int
  /// Mean absolute difference of luma to the sample before, in levels (0–255); 0 where a run begins.
  package var motion: Float

  package init(
    index: Int, time: Duration, frameTime: Duration, sequence: Int, beginsRun: Bool = false, isRepeat: Bool = false,
    lostBefore: Int = 0, motion: Float = 0
  ) {
    self.index = index
    self.time = time
    self.frameTime = frameTime
    self.sequence = sequence
    self.beginsRun = beginsRun
    self.isRepeat = isRepeat
    self.lostBefore = lostBefore
    self.motion = motion
  }
}
