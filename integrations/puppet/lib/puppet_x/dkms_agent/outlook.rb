# frozen_string_literal: true

require_relative 'agent'

module PuppetX; end

module PuppetX::DkmsAgent
  # What will become of a module, one line each: what is to be done, what cannot be done now, and what has failed.
  Outlook = Struct.new(:changes, :blocked, :failed) do
    # @param plan what a plan, a status or the end of an apply says
    def self.of(plan, name)
      blocked, failed = about(plan['blocked'], name).partition { |one| one['code'] != 'E_FAILED_BEFORE' }
      new(about(plan['changes'], name).map { |one| change(one) }, blocked.map { |one| obstacle(one) }, failed.map { |one| obstacle(one) })
    end

    # Without a plan, documents are none, or broken: then nobody can tell, and the next apply will say so.
    def self.without_plan(diagnostics)
      errors = diagnostics.select { |one| one['severity'] == 'error' }
      new([], [], errors.map { |one| "blocked: #{Agent.problem(one)}" })
    end

    def self.about(items, name)
      (items || []).select { |item| item['address'] == name || item['address'].start_with?("#{name}/") }
    end
    private_class_method :about

    def self.change(change)
      actions = change['actions'] - ['depmod']
      drift = change['drift'] == 'corrective' ? ' (drift)' : ''
      "#{(actions.empty? ? ['depmod'] : actions).join(', ')} #{change['address']}: #{change['reason']['text']}#{drift}"
    end
    private_class_method :change

    def self.obstacle(blocked)
      "blocked #{blocked['address']}: #{blocked['text']} [#{blocked['code']}]: #{blocked['remedy']}"
    end
    private_class_method :obstacle

    # All of it. From so many lines on, the first ones and a count say as much.
    def lines
      all = changes + failed + blocked
      all.length > 20 ? all.first(20) + ["and #{all.length - 20} more"] : all
    end
  end
end
