# frozen_string_literal: true

require_relative '../../../puppet_x/dkms_agent/agent'
require_relative '../../../puppet_x/dkms_agent/document'
require_relative '../../../puppet_x/dkms_agent/host_state'
require_relative '../../../puppet_x/dkms_agent/outlook'

# Puppet's side of dkms-agent: attributes to a document, and what the agent says of the host to attributes.
class Puppet::Provider::DkmsModule::DkmsModule
  # No constants of its own: the Resource API loads this file twice.
  include PuppetX::DkmsAgent

  def canonicalize(_context, resources)
    resources.each do |resource|
      refuse_number(resource)
      kernels = resource[:kernels]
      resource[:kernels] = [kernels] if kernels.is_a?(String) || kernels.is_a?(Hash)
    end
  end

  # Each resource looks when its turn comes, since what comes before it may bring the headers or the source.
  def get(_context, names = nil)
    @told = []
    @admitted = {}
    @state = HostState.new
    wanted = names.nil? || names.empty? ? @state.names : names
    wanted.map { |name| @state.resource(name) }.compact
  rescue Agent::Missing
    # A package that comes earlier in the catalog would have brought it, had this not been a run without changes.
    @state = nil
    []
  end

  def insync?(context, name, attribute, is, should)
    result, message = compare(context, name, attribute, is, should)
    announce(context, name, should) if result == false
    [result, message]
  end

  def set(context, changes)
    changes.each { |name, change| make(context, name, change[:should]) }
  end

  private

  # 1.10 is 1.1 by the time that it comes here: nobody can mend it any more.
  def refuse_number(resource)
    return unless resource[:version].is_a?(Numeric)

    raise Puppet::ResourceError, "Dkms_module[#{resource[:name] || resource[:title]}]: version #{resource[:version]} is a number, " \
                                 "and Puppet takes 1.10 for 1.1: write it in quotes, as in version => '1.10'"
  end

  def compare(context, name, attribute, is, should)
    case attribute
    when :ensure
      [is[:ensure].to_s == should[:ensure].to_s, should[:ensure].to_s == 'absent' ? 'removed' : 'created']
    when :pending then compare_pending(context, name, should)
    else
      [Document.entry(name, is)[attribute.to_s] == Document.entry(name, should)[attribute.to_s], nil]
    end
  end

  def own_document(name)
    Document.read(name)
  rescue Document::Foreign
    nil
  end

  # The host, and what the document says beyond the attributes of the resource.
  def compare_pending(context, name, should)
    entry = own_document(name)
    return [false, "taken over into #{Document.path(name)}"] unless entry

    surplus = entry.keys - Document.entry(name, should).keys - Document::NEUTRAL.keys - ['kernels']
    return [false, "#{surplus.join(' and ')} taken out of #{Document.path(name)}"] unless surplus.empty?

    outlook = @state.outlook(name)
    forgiven = should[:blocked] == 'warn' && outlook.changes.empty? && outlook.failed.empty?
    return [outlook.lines.empty?, outlook.lines.join('; ')] unless forgiven

    outlook.blocked.each { |line| context.warning(name, line) }
    [true, nil]
  end

  # Says what would be done with the document that the resource asks for: Puppet's own line names values alone.
  def announce(context, name, should)
    return if @state.nil? || @told.include?(name)

    @told << name
    return if Document.entry(name, should) == own_document(name)

    plan = admit(name, should)
    Outlook.of(plan, name).lines.each { |line| context.notice(name, line) }
  rescue Agent::Refused, Document::Foreign, SystemCallError => e
    context.warning(name, e.message)
  end

  # The plan with the document that the resource asks for, which is not there yet: one that breaks a rule would stop every
  # other run on this host.
  def admit(name, should)
    entry = Document.entry(name, should)
    Tempfile.create(['dkms-agent-', '.yaml']) do |file|
      file.write(Document.render(name, entry))
      file.flush
      Agent.plan(name, file.path, Document.path(name)).tap { @admitted[name] = entry }
    end
  end

  def make(context, name, should)
    entry = Document.entry(name, should)
    if Document.read(name) != entry
      admit(name, should) unless @admitted[name] == entry
      Document.write(name, entry)
    end
    apply(context, name, should)
  rescue Errno::EACCES, Errno::EPERM, Errno::EROFS => e
    raise Puppet::Error, "#{e.message}: run Puppet as root, and make the place writable"
  end

  def apply(context, name, should)
    failures = []
    remaining = {}
    code, complaints = Agent.apply(name) do |event|
      case event['type']
      when 'step_complete' then context.info(name, event['@message']) if event['changed']
      when 'lock_wait' then context.notice(name, event['@message'])
      when 'step_errored' then failures << failure(event)
      when 'diagnostic' then failures.concat(errors(event['diagnostic']))
      when 'run_complete'
        tell_reboot(context, name, event)
        remaining = event['remaining'] || {}
      end
    end
    return if code.zero?

    outlook = Outlook.of(remaining, name)
    forgiven = code == 3 && should[:blocked] == 'warn' && outlook.failed.empty?
    return outlook.blocked.each { |line| context.warning(name, line) } if forgiven

    said = [failures, outlook.lines, [complaints.strip]].find { |lines| !lines.empty? }
    raise Puppet::Error, "dkms-agent apply ended with #{code}: #{said.join("\n")}"
  end

  def tell_reboot(context, name, event)
    return unless event['reboot_required']

    context.notice(name, "a reboot is required: #{(event['reboot_reasons'] || []).join('; ')}")
  end

  def failure(event)
    failure = event['failure']
    log = failure['log']
    tail = log ? ["The end of #{log['path']}:"] + log['tail'].map { |line| "  #{line}" } : []
    ["#{event.dig('step', 'id')}: #{failure['message']} [#{failure['code']}]", failure['remedy'], *tail].compact.join("\n")
  end

  def errors(diagnostic)
    diagnostic['severity'] == 'error' ? [Agent.problem(diagnostic)] : []
  end
end
